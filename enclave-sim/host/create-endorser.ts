import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { Digest, FabricId, RunId } from "../../src/core/ids.ts";
import { encodeBase64 } from "../../src/crypto/base64.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import type { SigningKey } from "../../src/crypto/key-record.ts";
import { preAuthEncoding } from "../../src/envelope/dsse.ts";
import { OBSERVATION_SOLABI_TYPE, OBSERVATION_TYPE } from "../../src/envelope/observation.ts";
import { parseObservation } from "../../src/envelope/observation-json.ts";
import {
  encodeOnchainObservation,
  toOnchainObservation,
} from "../../src/envelope/observation-solabi.ts";
import type { Manifest } from "../../src/sdk/manifest.ts";
import type { HeldRun } from "./build-observation.ts";
import { checkProposal } from "./check-proposal.ts";
import type { FeedAgreement, ServedFeed } from "./enclave.ts";
import type { ApprovedProposal, CheckProposal, Endorsement, Proposal } from "./endorsement.ts";
import type { Keyset } from "./sealed-keys.ts";
import { checkStanding, isStanding, type StandingRounds } from "./standing-rounds.ts";

/** What one Cryptlet's enclave judges proposals with. */
export interface EndorserParts {
  readonly fabric: FabricId;
  readonly manifest: Manifest;
  readonly measurement: Digest;
  readonly feeds: readonly ServedFeed[];
  readonly keys: Keyset;
  readonly standing: StandingRounds;
  /** ms since epoch. */
  readonly now: () => number;
  readonly held: (runId: RunId) => HeldRun | undefined;
  /** Applies the state that a run left, once. */
  readonly applyState: (runId: RunId) => Promise<void>;
}

/** An enclave's part in rounds that several of them sign. Its callers come one at a time. */
export interface Endorser {
  readonly approve: CheckProposal;
  /** Throws what `CheckProposal` throws. */
  endorse(proposal: Proposal): Promise<Endorsement>;
}

const encoder = new TextEncoder();
const hasAgreement = (
  feed: ServedFeed | undefined,
): feed is ServedFeed & { readonly quorum: FeedAgreement } => feed?.quorum !== undefined;

const signatureOf = (key: SigningKey, message: Uint8Array) => ({
  keyid: key.record.keyid,
  sig: encodeBase64(key.sign(message)),
});

export const createEndorser = (parts: EndorserParts): Endorser => {
  const { fabric, manifest, measurement, standing, keys } = parts;

  const approve = async ({ statement, runId, latest }: Proposal): Promise<ApprovedProposal> => {
    const payload = encoder.encode(statement);
    const observation = parseObservation(payload);
    const { feed, round, epoch } = observation.subject;
    const served = parts.feeds.find((each) => each.feed === feed);
    if (!hasAgreement(served)) throw fabricError("FEED_NOT_SERVED", { feed });
    const jsonMessage = preAuthEncoding(OBSERVATION_TYPE, payload);
    const next = { round, epoch, statement: digestOf(jsonMessage) };
    const last = await standing.last(feed);
    if (!isStanding(last, next)) {
      checkStanding(feed, last, next);
      const run = runId === null ? undefined : parts.held(runId);
      if (!run || runId === null) throw fabricError("RUN_UNKNOWN", { run: runId ?? "none" });
      const now = parts.now();
      const facts = { fabric, manifest, measurement, served, run, latest, now };
      checkProposal(observation, { ...facts, standing: last?.round ?? 0 });
      await parts.applyState(runId);
      await standing.enter(feed, next);
    }
    const onchainMessage =
      observation.value.kind === "decimal"
        ? preAuthEncoding(
            OBSERVATION_SOLABI_TYPE,
            encodeOnchainObservation(toOnchainObservation(observation, digestOf(payload))),
          )
        : null;
    return { feed, round, observation, jsonMessage, onchainMessage };
  };

  return {
    approve,
    endorse: async (proposal) => {
      const { jsonMessage, onchainMessage } = await approve(proposal);
      return {
        envelopeDigest: digestOf(jsonMessage),
        json: signatureOf(keys.ed25519, jsonMessage),
        onchain: onchainMessage && signatureOf(keys.secp256k1, onchainMessage),
      };
    },
  };
};
