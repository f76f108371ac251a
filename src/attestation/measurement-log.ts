import { sha384 as hashSha384 } from "@noble/hashes/sha2.js";
import * as z from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { Digest } from "../core/ids.ts";
import { bytesToHex, concatBytes } from "../crypto/bytes.ts";
import { digestOf } from "../crypto/hashes.ts";

/**
 * What is measured at launch, each once and in this order. The first three describe the platform and change with
 * every release of Node and of the fabric; the last four are the Cryptlet, the same everywhere.
 */
export const MEASURED = [
  "runtime",
  "host",
  "sandbox",
  "interpreter",
  "bundle",
  "manifest",
  "end-of-launch",
] as const;

/** What a host alone is measured by: its platform, without any Cryptlet. */
export const HOST_MEASURED = ["runtime", "host", "sandbox", "end-of-launch"] as const;

/** First event of the Cryptlet's own part. */
const CRYPTLET_PART = MEASURED.indexOf("interpreter");
const EVENT_DOMAIN = "cryptlet/mr/v1";
const MEASUREMENT_DOMAIN = "CRYPTLET-MRENCLAVE-V1";

/** `content` is canonical JSON text: names and digests, never the measured bytes themselves. */
export const measurementLogSchema = z
  .array(z.strictObject({ type: z.enum(MEASURED), content: z.string().max(2_048) }))
  .min(HOST_MEASURED.length)
  .max(MEASURED.length);
/** @see measurementLogSchema */
export type MeasurementLog = z.infer<typeof measurementLogSchema>;

const encoder = new TextEncoder();
const bytesOf = (part: string | Uint8Array): Uint8Array =>
  typeof part === "string" ? encoder.encode(part) : part;

// noble and not node:crypto: a verifier in a browser replays logs as well.
const sha384 = (...parts: readonly (string | Uint8Array)[]): Uint8Array =>
  hashSha384(concatBytes(...parts.map(bytesOf)));

/** `M = SHA-384(M || SHA-384(domain || 0 || type || 0 || content))` from 48 zero bytes, as a TDX RTMR is extended. */
const extendAll = (events: MeasurementLog): Uint8Array => {
  let register: Uint8Array = new Uint8Array(48);
  for (const { type, content } of events)
    register = sha384(register, sha384(EVENT_DOMAIN, "\0", type, "\0", content));
  return register;
};

const sha384Text = (register: Uint8Array): string => `sha384:${bytesToHex(register)}`;

const isLogOf = (log: MeasurementLog, types: readonly string[]): boolean =>
  log.length === types.length && log.every(({ type }, index) => type === types[index]);

const measurementOf = (register: Uint8Array): Digest =>
  digestOf(concatBytes(bytesOf(`${MEASUREMENT_DOMAIN}\0`), register));

/** Measurement of a Cryptlet: its part of the log alone, so that it is equal on every machine and Node version. */
export const measureCryptlet = (contents: {
  readonly interpreter: string;
  readonly bundle: string;
  readonly manifest: string;
}): Digest =>
  measurementOf(
    extendAll([
      { type: "interpreter", content: contents.interpreter },
      { type: "bundle", content: contents.bundle },
      { type: "manifest", content: contents.manifest },
      { type: "end-of-launch", content: "" },
    ]),
  );

const END = { type: "end-of-launch", content: "" } as const;

/** What a log gives. */
export interface ReplayedLog {
  readonly subject: "cryptlet" | "host";
  /** Analogue of MRENCLAVE: the Cryptlet's, or the host's where no Cryptlet was measured. */
  readonly measurement: Digest;
  /** Register over the whole log, `sha384:`: what a TDX RTMR3 holds. */
  readonly launch: string;
  /** Measurement of the host alone, and its register: the same for all its Cryptlets. */
  readonly host: Digest;
  readonly hostLaunch: string;
}

/** Replay the log of a Cryptlet (seven events) or of a host (four). Throws `EVIDENCE_INVALID`. */
export const replayMeasurementLog = (log: MeasurementLog): ReplayedLog => {
  const isHost = isLogOf(log, HOST_MEASURED);
  if (!isHost && !isLogOf(log, MEASURED))
    throw fabricError("EVIDENCE_INVALID", {
      reason: "the measurement log does not hold each event once and in order",
    });
  if (log.at(-1)?.content !== "")
    throw fabricError("EVIDENCE_INVALID", { reason: "the end of launch has a content" });
  const hostRegister = extendAll([...log.slice(0, CRYPTLET_PART), END]);
  const host = measurementOf(hostRegister);
  return {
    subject: isHost ? "host" : "cryptlet",
    measurement: isHost ? host : measurementOf(extendAll(log.slice(CRYPTLET_PART))),
    launch: sha384Text(extendAll(log)),
    host,
    hostLaunch: sha384Text(hostRegister),
  };
};
