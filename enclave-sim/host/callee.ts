import type { Clock } from "../../src/core/clock.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { createRunId, type Digest, type RunId } from "../../src/core/ids.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import { runReceiptDigest } from "../../src/envelope/run-receipt.ts";
import type { TriggerInput } from "../../src/sdk/abi.ts";
import type { Manifest } from "../../src/sdk/manifest.ts";
import type { CryptletReply, CryptletRequest } from "../capabilities/call/cryptlet-caller.ts";
import { checkDraft, type Refuse } from "./build-observation.ts";
import type { RunReport, ServedFeed } from "./enclave.ts";

/** A trigger takes no longer id. */
const MAX_TRIGGER_ID = 256;

/** Holds something that its host gave it: what it answers is then for the host to decide. */
const isEntrusted = ({ secrets, state, configuration }: Manifest["capabilities"]): boolean =>
  secrets.length > 0 || state !== undefined || configuration;

/**
 * The side of a Cryptlet that other Cryptlets call. One that was entrusted with secrets, state or configuration answers
 * only for feeds and parameters that its host configured: else any caller could spend its secrets on what it likes.
 * `run` lets runs wait in a line per depth, so that Cryptlets that call each other through others never wait in a circle.
 */
export const createCallee = (parts: {
  readonly manifest: Manifest;
  readonly measurement: Digest;
  readonly feeds: readonly ServedFeed[];
  readonly clock: Clock;
  readonly run: (
    trigger: TriggerInput,
    runId: RunId,
    signal: AbortSignal,
    path: readonly string[],
  ) => Promise<RunReport>;
}): ((request: CryptletRequest, signal: AbortSignal) => Promise<CryptletReply>) => {
  const { manifest, measurement, clock } = parts;
  const refuse = (reason: string) => fabricError("CALL_REFUSED", { cryptlet: manifest.id, reason });
  const isServed = ({ feed, parameters }: CryptletRequest): boolean =>
    parts.feeds.some(
      (served) =>
        served.cryptletFeed === feed &&
        canonicalJson(served.parameters) === canonicalJson(parameters),
    );

  return async (request, signal) => {
    const feed = manifest.feeds.find(({ id }) => id === request.feed);
    if (!feed) throw refuse(`it has no feed ${request.feed}`);
    if (isEntrusted(manifest.capabilities) && !isServed(request))
      throw refuse("its host configured no such feed with these parameters");
    const path = [...request.path, manifest.id];
    const trigger: TriggerInput = {
      id: `call/${request.trigger.id}`.slice(0, MAX_TRIGGER_ID),
      kind: "call",
      feed: request.feed,
      parameters: request.parameters,
      at: request.trigger.at,
    };
    const report = await parts.run(trigger, createRunId(), signal, path);
    const { observation, provenance, transcript, called } = report;
    const wrong: Refuse = (reason) => {
      throw fabricError("OBSERVATION_REFUSED", { feed: request.feed, reason });
    };
    if (observation.feed !== request.feed) wrong(`it answered ${observation.feed}`);
    checkDraft(observation, { feed, provenance, now: clock.now() }, wrong);
    return {
      version: manifest.version,
      measurement,
      observation,
      mode: provenance[0]?.mode ?? null,
      receiptDigest: runReceiptDigest(report.receipt),
      transcriptDigest: report.transcriptDigest,
      transcripts: [...called, transcript],
    };
  };
};
