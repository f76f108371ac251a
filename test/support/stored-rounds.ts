import { createRunId, type FeedId } from "../../src/core/ids.ts";
import { createSigningKey } from "../../src/crypto/key-record.ts";
import { buildBundle, serializeBundle } from "../../src/envelope/bundle.ts";
import { signObservation, type SignedObservation } from "../../src/envelope/signed-observation.ts";
import type { Observation } from "../../src/envelope/observation.ts";
import { toRoundRow, viewObservation, type CommittedRound } from "../../src/host/round-view.ts";
import { commitRound } from "../../src/store/commit-round.ts";
import type { Store } from "../../src/store/store.ts";
import { createObservation } from "./observation-fixture.ts";

/** The feed of the fixtures. */
export const GOLD = "xau-usd" as FeedId;

const json = createSigningKey("ed25519");
const onchain = createSigningKey("secp256k1-keccak256");
/** Keys that sign the fixtures' rounds. */
export const fixtureKeys = [json.record, onchain.record];

/** A really signed round of the gold feed, with the bundle that carries it. */
export const signRound = (
  round: number,
  changes: Partial<Record<keyof Observation, unknown>> = {},
): {
  readonly signed: SignedObservation;
  readonly observation: Observation;
  readonly bundleJson: string;
  readonly view: CommittedRound;
} => {
  const observation = createObservation(
    { ...(round === 1 ? { previous: null } : {}), ...changes },
    { round },
  );
  const signed = signObservation(observation, { json: [json], onchain: [onchain] });
  const bundleJson = serializeBundle(
    buildBundle({ envelope: signed.envelope, onchain: signed.onchain, keys: fixtureKeys }),
  );
  return {
    signed,
    observation,
    bundleJson,
    view: viewObservation({ ...signed, observation }, true),
  };
};

/** Commits a really signed round as the host would. */
export const commitSignedRound = async (
  store: Store,
  round: number,
  changes: Partial<Record<keyof Observation, unknown>> = {},
): Promise<CommittedRound> => {
  const { view, bundleJson } = signRound(round, changes);
  await store.transaction((trx) =>
    commitRound(trx, {
      round: toRoundRow(view, createRunId()),
      bundleJson,
      evidence: null,
      outbox: {
        subject: "cryptlet.demo.round.xau-usd",
        messageId: `cryptlet:xau-usd:${round}`,
        payload: Buffer.from(bundleJson),
      },
      run: null,
      at: view.issuedAt,
    }),
  );
  return view;
};
