import { z } from "zod";
import type { Clock } from "../../../src/core/clock.ts";
import { fabricError, isFabricError } from "../../../src/core/errors/fabric-error.ts";
import { digestSchema } from "../../../src/core/ids.ts";
import { digestOf } from "../../../src/crypto/hashes.ts";
import { canonicalJson } from "../../../src/envelope/canonical-json.ts";
import type { CallAnswer, Json, SourceMode } from "../../../src/sdk/abi.ts";
import type { CallManifest } from "../../../src/sdk/manifest.ts";
import { WALL } from "../../protocol/limits.ts";
import type { RecordedTranscript } from "../../protocol/sealed-transcript.ts";
import type { Capability } from "../capability.ts";
import type { CryptletCaller, CryptletReply, CryptletRequest } from "./cryptlet-caller.ts";

/** Characters of the parameters that a callee gets; a trigger takes no more. */
const MAX_PARAMETERS = 32_768;

const calls = {
  call: z.strictObject({
    op: z.literal("call"),
    id: z.string().min(1).max(64),
    cryptlet: z.string().max(64),
    feed: z.string().max(64),
    parameters: z.json(),
  }),
};

/** Where the calling run stands. */
export interface CallerRun {
  /** Ids from the first caller to the Cryptlet of this run, which is the last. */
  readonly path: readonly string[];
  readonly trigger: CryptletRequest["trigger"];
  /** How this enclave reaches its sources: what a callee without sources counts as. */
  readonly mode: SourceMode;
}

/** `ctx.call` of one run, and what was recorded of the runs that it led to. */
export interface CryptletCalls extends Capability<"call"> {
  /** Callees' transcripts in the order of their ends, those that they called in turn before them. */
  readonly transcripts: readonly RecordedTranscript[];
}

/** `ctx.call`: another Cryptlet of the same enclave that the manifest names, within this run's time. */
export const createCryptletCalls = (
  granted: readonly CallManifest[],
  caller: CryptletCaller | null,
  run: CallerRun,
  clock: Clock,
): CryptletCalls => {
  const transcripts: RecordedTranscript[] = [];
  const perform: CryptletCalls["perform"] = async (
    { id, cryptlet, feed, parameters },
    { signal, nextReference },
  ) => {
    const refuse = (reason: string) => fabricError("CALL_REFUSED", { cryptlet, reason });
    const entry = granted.find((each) => each.cryptlet === cryptlet);
    if (!entry) throw refuse("the manifest does not name it");
    if (!entry.feeds.some((named) => named === feed))
      throw refuse(`the manifest does not name its feed ${feed}`);
    if (JSON.stringify(parameters).length > MAX_PARAMETERS)
      throw refuse(`its parameters have more than ${MAX_PARAMETERS} characters`);
    if (run.path.includes(cryptlet)) throw refuse(`it is itself calling: ${run.path.join(" > ")}`);
    if (run.path.length >= WALL.callDepth) throw refuse(`it is too deep: ${run.path.join(" > ")}`);
    if (!caller) throw refuse("no other Cryptlet is loaded");
    const measurement = entry.measurement === null ? null : digestSchema.parse(entry.measurement);
    const request: CryptletRequest = {
      cryptlet,
      feed,
      parameters,
      measurement,
      path: run.path,
      trigger: run.trigger,
    };
    const reply = await replyOf(caller, request, signal);
    transcripts.push(...reply.transcripts);
    if (measurement !== null && reply.measurement !== measurement)
      throw refuse("it has another measurement");
    const reference = nextReference();
    const receivedAt = clock.now();
    const mode = reply.mode ?? run.mode;
    const { version, measurement: by, observation, receiptDigest, transcriptDigest } = reply;
    const answer: CallAnswer = {
      reference,
      mode,
      cryptlet: { id: cryptlet, version, measurement: by },
      observation,
      receipt: receiptDigest,
      receivedAt,
    };
    return {
      ok: answer as unknown as Json,
      provenance: [
        {
          reference,
          id,
          mode,
          requestDigest: digestOfJson({ cryptlet, feed, measurement, parameters }),
          tls: null,
          status: null,
          responseDigest: digestOfJson({ cryptlet, measurement: by, observation }),
          receivedAt,
          call: { cryptlet, version, measurement: by, receiptDigest, transcriptDigest },
        },
      ],
    };
  };
  return {
    name: "calls",
    granted: granted.length > 0,
    calls,
    transcripts,
    perform,
  };
};

const digestOfJson = (content: unknown) =>
  digestOf(new TextEncoder().encode(canonicalJson(content)));

/** What the callee's run ended with is told by its code alone: its words are for its own log. */
const replyOf = async (
  caller: CryptletCaller,
  request: CryptletRequest,
  signal: AbortSignal,
): Promise<CryptletReply> => {
  try {
    return await caller.call(request, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (isFabricError(error, "CALL_REFUSED")) throw error;
    const code = isFabricError(error) ? error.code : "INTERNAL";
    throw fabricError("CALL_FAILED", { cryptlet: request.cryptlet, code }, { cause: error });
  }
};
