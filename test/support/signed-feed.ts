import { createRunId, feedIdSchema, type FabricId, type FeedId } from "../../src/core/ids.ts";
import { createSigningKey } from "../../src/crypto/key-record.ts";
import { buildBundle, serializeBundle } from "../../src/envelope/bundle.ts";
import { signObservation } from "../../src/envelope/signed-observation.ts";
import { roundMessageId, roundSubject } from "../../src/host/round-message.ts";
import { toRoundRow, viewObservation } from "../../src/host/round-view.ts";
import { commitRound, type RoundCommit } from "../../src/store/commit-round.ts";
import type { Store } from "../../src/store/store.ts";
import { createObservation } from "./observation-fixture.ts";

const HOUR = 3_600_000;
/** Rounds of one feed that may be signed: each has a second of its own in the past. */
const MAX_ROUNDS = 80_000;
/** Rounds that one transaction commits. */
const BATCH = 50;

/** Really signed rounds of one feed, as its enclave would make them, without an enclave. */
export interface SignedFeed {
  readonly id: FeedId;
  /** Commits so many further rounds, with their outbox rows. */
  commit(store: Store, rounds: number): Promise<void>;
  /** The newest committed round. */
  round(): number;
}

/** Keys that sign rounds, and feeds under them. */
export const createRoundSigner = (fabric: FabricId) => {
  const json = createSigningKey("ed25519");
  const onchain = createSigningKey("secp256k1-keccak256");
  const keys = [json.record, onchain.record];
  const createFeed = (name: string, feedHash: string, ageMs = MAX_ROUNDS * 1_000): SignedFeed => {
    const id = feedIdSchema.parse(name);
    const first = Date.now() - ageMs;
    let round = 0;
    let previous: { readonly envelopeDigest: string } | null = null;
    const next = (): RoundCommit => {
      round += 1;
      const observedAt = first + round * 1_000;
      const observation = createObservation(
        {
          value: {
            kind: "decimal",
            text: `${2_000 + (round % 1_000)}.5`,
            decimals: 8,
            unit: "USD/ozt",
          },
          observedAt,
          issuedAt: observedAt + 10,
          validUntil: Date.now() + 48 * HOUR,
          previous,
        },
        { fabric, feed: id, feedHash, round },
      );
      const signed = signObservation(observation, { json: [json], onchain: [onchain] });
      previous = { envelopeDigest: signed.envelopeDigest };
      const { envelope, onchain: tuple } = signed;
      const bundleJson = serializeBundle(buildBundle({ envelope, onchain: tuple, keys }));
      return {
        round: toRoundRow(viewObservation({ ...signed, observation }, true), createRunId()),
        bundleJson,
        evidence: null,
        outbox: {
          subject: roundSubject(fabric, id),
          messageId: roundMessageId(id, round, signed.envelopeDigest),
          payload: Buffer.from(bundleJson),
        },
        run: null,
        at: Date.now(),
      };
    };
    return {
      id,
      round: () => round,
      commit: async (store, rounds) => {
        for (let left = rounds; left > 0; left -= BATCH) {
          const commits = Array.from({ length: Math.min(BATCH, left) }, next);
          await store.transaction(async (trx) => {
            for (const commit of commits) await commitRound(trx, commit);
          });
        }
      },
    };
  };
  return { onchain, keys, createFeed };
};
