import { parseRecordedTranscript, openTranscript } from "../../enclave-sim/host/seal-transcript.ts";
import { isSealedTranscript } from "../../enclave-sim/protocol/sealed-transcript.ts";
import type { Transcript } from "../../enclave-sim/protocol/transcript.ts";
import { createFabricClient } from "../client/fabric-client.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { runIdSchema } from "../core/ids.ts";
import { hexToBytes } from "../crypto/bytes.ts";
import { type Bundle, BUNDLE_MEDIA_TYPE, parseBundle } from "../envelope/bundle.ts";
import { type DsseEnvelope, parseEnvelope, payloadBytes } from "../envelope/dsse.ts";
import { verifyEnvelope } from "../envelope/dsse-verify.ts";
import { createKeyRing } from "../envelope/key-ring.ts";
import { type Observation, OBSERVATION_TYPE } from "../envelope/observation.ts";
import { parseObservation } from "../envelope/observation-json.ts";
import type { RunReceipt } from "../envelope/run-receipt.ts";
import { parseStrictJson } from "../envelope/strict-json.ts";
import { readInput } from "./read-input.ts";

/** Largest transcript that is read, in bytes: all answers of a run, sealed. */
const MAX_TRANSCRIPT_BYTES = 134_217_728;
const MAX_KEY_BYTES = 1_024;

/** A statement that a key of its own bundle signed; whose keys these are is not known here. */
export interface SignedStatement {
  readonly observation: Observation;
  readonly receipt: RunReceipt | null;
  /** Null for a bare envelope, which brings no keys: whether anybody signed it is not known. */
  readonly keyids: readonly string[] | null;
}

/** What is replayed, and the statement that must stand on it, where one was given. */
export interface ReplaySubject {
  readonly transcript: Transcript;
  readonly statement: SignedStatement | null;
}

interface Where {
  readonly fabric: { readonly url: string; readonly token: string | null };
  /** File of the transcript, beside a bundle. */
  readonly transcript: string | undefined;
  /** File with an auditor's X25519 secret key in hex. */
  readonly key: string | undefined;
  readonly signal: AbortSignal;
}

const readJson = async (file: string, signal: AbortSignal): Promise<unknown> => {
  const limit = MAX_TRANSCRIPT_BYTES;
  return parseStrictJson(await readInput(file, { limit, signal }), { limit, what: file });
};

const readKey = async (file: string, signal: AbortSignal): Promise<Uint8Array> => {
  const text = (await readInput(file, { limit: MAX_KEY_BYTES, signal })).toString("utf8").trim();
  if (!/^[0-9a-f]{64}$/.test(text))
    throw fabricError("USAGE_INVALID", {
      fault: "--key must name a file of 64 lower-case hex characters",
    });
  return hexToBytes(text, 32);
};

const opened = async (value: unknown, { key, signal }: Where): Promise<Transcript> => {
  const recorded = parseRecordedTranscript(value);
  if (!isSealedTranscript(recorded)) return recorded;
  if (key === undefined) throw fabricError("TRANSCRIPT_SEALED", { run: recorded.runId });
  return openTranscript(recorded, await readKey(key, signal));
};

/** Without a signature that holds a statement is anybody's. Throws `SIGNATURE_WRONG`, `SIGNER_NOT_TRUSTED`. */
const statementOf = ({ envelope, keys, run }: Bundle): SignedStatement => {
  const rules = { ring: createKeyRing(keys), threshold: 1, payloadType: OBSERVATION_TYPE };
  const { payload, signers } = verifyEnvelope(envelope, rules);
  return {
    observation: parseObservation(payload),
    receipt: run,
    keyids: signers.map(({ keyid }) => keyid),
  };
};

/** What a bare envelope says. Throws `PAYLOAD_TYPE_UNEXPECTED`, `STATEMENT_MALFORMED`. */
const unsignedStatementOf = (envelope: DsseEnvelope): SignedStatement => {
  const { payloadType } = envelope;
  if (payloadType !== OBSERVATION_TYPE)
    throw fabricError("PAYLOAD_TYPE_UNEXPECTED", {
      actual: payloadType,
      expected: OBSERVATION_TYPE,
    });
  return { observation: parseObservation(payloadBytes(envelope)), receipt: null, keyids: null };
};

const fetched = (run: string, { fabric, signal }: Where): Promise<unknown> =>
  createFabricClient(fabric).runs.transcript(run, { signal });

/**
 * A transcript by file, by run id from a fabric, or by the bundle or envelope that stands on it.
 * Throws `FILE_UNREADABLE`, `TRANSCRIPT_INVALID`, `TRANSCRIPT_SEALED`, `TRANSCRIPT_NOT_KEPT`, `BUNDLE_MALFORMED`,
 * `SIGNATURE_WRONG`, `SIGNER_NOT_TRUSTED`.
 */
export const readReplaySubject = async (source: string, where: Where): Promise<ReplaySubject> => {
  if (runIdSchema.safeParse(source).success)
    return { transcript: await opened(await fetched(source, where), where), statement: null };
  const value = await readJson(source, where.signal);
  const statement = readStatement(value);
  if (statement === null) return { transcript: await opened(value, where), statement };
  const recorded =
    where.transcript === undefined
      ? await fetched(statement.observation.run.id, where)
      : await readJson(where.transcript, where.signal);
  return { transcript: await opened(recorded, where), statement };
};

/** Of a bundle or of an envelope; null for what is neither. */
const readStatement = (value: unknown): SignedStatement | null => {
  if (typeof value !== "object" || value === null) return null;
  const text = JSON.stringify(value);
  if ("mediaType" in value && value.mediaType === BUNDLE_MEDIA_TYPE)
    return statementOf(parseBundle(text));
  return "payloadType" in value ? unsignedStatementOf(parseEnvelope(text)) : null;
};
