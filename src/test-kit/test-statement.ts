import { buildObservation } from "../../enclave-sim/host/build-observation.ts";
import { parseOutcome } from "../../enclave-sim/protocol/guest-text.ts";
import type { Provenance } from "../../enclave-sim/capabilities/capability.ts";
import type { Digest, FabricId, FeedId, RunId } from "../core/ids.ts";
import { toWire } from "../core/errors/wire.ts";
import { computeFeedHash } from "../envelope/feed-hash.ts";
import { checkObservation } from "../envelope/observation-json.ts";
import { checkStatement } from "../envelope/statement-checks.ts";
import type { Observation } from "../envelope/observation.ts";
import { toOnchainObservation } from "../envelope/observation-solabi.ts";
import type { AbiError, TriggerInput } from "../sdk/abi.ts";
import type { Manifest } from "../sdk/manifest.ts";
import { UNKNOWN_DIGEST } from "./recorded-readings.ts";

/** Fabric and feed that statements of tests are for. */
export const TEST_FABRIC = "test" as FabricId;
/** ms that a value of a test holds. */
export const VALID_MS = 60_000;
const RUN = "00000000-0000-4000-8000-000000000000" as RunId;

/** What the enclave would sign of a run, or why it would not. */
export type TestStatement =
  | { readonly statement: Observation; readonly fault: null }
  | { readonly statement: null; readonly fault: AbiError };

/**
 * The statement of a run under the rules by which the enclave signs: the draft's form, the feed of the manifest, the
 * sources that the run really had, the form for contracts, the checks of a reader. Digests of code and run are zeros.
 */
export const testStatement = (run: {
  readonly manifest: Manifest;
  readonly trigger: TriggerInput;
  /** What the Cryptlet returned, as text. */
  readonly outcome: string;
  readonly provenance: readonly Provenance[];
  /** ms since epoch. */
  readonly now: number;
}): TestStatement => {
  const { manifest, trigger, provenance, now } = run;
  try {
    const outcome = parseOutcome(run.outcome);
    if ("error" in outcome) throw new Error("a refusal is no statement");
    const feed = trigger.feed as FeedId;
    const digest = UNKNOWN_DIGEST as Digest;
    const { parameters } = trigger;
    const named = { fabric: TEST_FABRIC, cryptlet: manifest.id, feed, parameters };
    const served = {
      feed,
      cryptletFeed: trigger.feed,
      feedHash: computeFeedHash(named),
      parameters,
      validForMs: VALID_MS,
    };
    const observation = buildObservation({
      fabric: TEST_FABRIC,
      manifest,
      measurement: digest,
      served,
      run: {
        trigger,
        draft: outcome.ok.observation,
        provenance,
        transcriptDigest: digest,
        receiptDigest: digest,
        stateChange: null,
        finishedAt: now,
      },
      request: { runId: RUN, feed, round: 1, epoch: 0, previous: null },
      now,
    });
    checkObservation(observation);
    checkStatement(observation);
    if (observation.value.kind === "decimal") toOnchainObservation(observation, digest);
    return { statement: observation, fault: null };
  } catch (error) {
    return { statement: null, fault: toWire(error) };
  }
};
