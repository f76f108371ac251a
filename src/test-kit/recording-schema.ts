import { z } from "zod";
import { observationDraftSchema } from "../../enclave-sim/protocol/abi-schemas.ts";
import { guestErrors } from "../core/errors/guest-errors.ts";
import type { ErrorCode } from "../core/errors/catalogue.ts";
import { CHAIN_LIMITS, HTTP_BODY_CHARACTERS, HTTP_LIMITS } from "../core/limits.ts";

/** Bounds of a recording; `body` is what a manifest may grant at most (`http.maxResponseBytes`). */
export const RECORDING_BOUNDS = {
  /** UTF-8 bytes of the JSON file. */
  fileBytes: 1_048_576,
  /** UTF-8 bytes of one body, in the file or beside it. */
  bodyBytes: HTTP_LIMITS.responseBytes.max,
  /** UTF-8 bytes of all bodies. */
  bodiesBytes: 67_108_864,
  /** Answers of one kind. */
  entries: 1_000,
  /** Files of one folder. */
  files: 100,
} as const;

const text = (max: number) => z.string().max(max);
const id = text(64).min(1);
/** ms since epoch, up to the year 9999. */
const time = z.int().min(0).max(253_402_300_799_999);
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d)$/;
/** RFC 3339 text or ms since epoch; null fits any time. */
const receivedAt = z
  .union([
    time,
    z
      .string()
      .regex(RFC_3339, "a time as in RFC 3339, for example 2026-05-10T12:00:00Z")
      .transform((written, context) => {
        const read = Date.parse(written);
        if (Number.isSafeInteger(read) && read >= 0) return read;
        context.addIssue({ code: "custom", message: "there is no such time" });
        return z.NEVER;
      }),
  ])
  .nullable()
  .default(null);

const error = z
  .string()
  .refine(
    (code): code is ErrorCode => Object.hasOwn(guestErrors, code),
    "a code that a capability answers with, for example HTTP_TIMEOUT",
  );
const errorArguments = z.record(text(64), text(2_000)).default({});

const request = z.strictObject({
  method: z.enum(["GET", "POST"]).default("GET"),
  url: text(2_048)
    .regex(/^https:\/\/[^\s/?#]+(?:[/?][^\s#]*)?$/, "an https address without fragment")
    .refine((url) => !/^https:\/\/[^/?]*@/.test(url), "no user name or password"),
  /** As the Cryptlet gives it, with `{{secret:NAME}}` in place of values; null where it is of no matter. */
  body: text(HTTP_BODY_CHARACTERS).nullable().default(null),
});

/** What crosses to a guest (`crossingHeaders` of the http capability); anything else could hold a secret. */
const CROSSING =
  /^(?:content-type|date|retry-after|sforce-limit-info|x-(?:\w+-)?ratelimit-[\w-]+)$/;
const headers = z.record(
  text(128).regex(CROSSING, "a lower-case header that crosses to a Cryptlet, as content-type"),
  text(512).regex(/^[\x20-\x7e]*$/, "visible ASCII"),
);

const exchange = z.union([
  z.strictObject({ id, request, error, arguments: errorArguments, receivedAt }),
  z
    .strictObject({
      id,
      request,
      status: z.int().min(100).max(599).default(200),
      headers: headers.default({}),
      body: z.string().optional(),
      /** A file beside the recording. */
      bodyFile: text(128)
        .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/, "the name of a file beside the recording")
        .optional(),
      receivedAt,
    })
    .refine(
      ({ body, bodyFile }) => (body === undefined) !== (bodyFile === undefined),
      "exactly one of body, json and bodyFile",
    ),
]);

const hex = (bytes?: number) =>
  text(2_097_154).regex(
    bytes === undefined ? /^0x(?:[0-9a-f]{2})*$/ : new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`),
    "0x and lower-case hex digits",
  );
const chainQuery = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("call"), contract: hex(20), data: hex() }),
  z.strictObject({
    kind: z.literal("logs"),
    contract: hex(20),
    topics: z.array(hex(32).nullable()).max(4),
    blocks: z.int().min(1).max(CHAIN_LIMITS.logBlocks.max),
  }),
]);
const chainResult = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("call"), ok: z.boolean(), data: hex() }),
  z.strictObject({
    kind: z.literal("logs"),
    logs: z
      .array(
        z.strictObject({
          block: z.int().min(0),
          index: z.int().min(0),
          topics: z.array(hex(32)).max(4),
          data: hex(),
        }),
      )
      .max(10_000),
  }),
]);
const block = z.strictObject({ number: z.int().min(0), hash: hex(32), timestamp: time });

const chainRead = z.union([
  z.strictObject({ id, chain: id, error, arguments: errorArguments, receivedAt }),
  z
    .strictObject({
      id,
      chain: id,
      chainId: z.int().min(1).default(1),
      block: block.optional(),
      /** What was asked; when left out, whatever is asked is answered. */
      queries: z.array(chainQuery).min(1).max(64).optional(),
      results: z.array(chainResult).min(1).max(64),
      receivedAt,
    })
    .refine(
      ({ queries, results }) => queries === undefined || queries.length === results.length,
      "one result for each query",
    ),
]);

const call = z.union([
  z.strictObject({ id, cryptlet: id, feed: id, error, arguments: errorArguments, receivedAt }),
  z.strictObject({
    id,
    cryptlet: id,
    feed: id,
    observation: observationDraftSchema,
    receivedAt,
  }),
]);

const list = <Entry extends z.ZodType>(entry: Entry) =>
  z.array(entry).max(RECORDING_BOUNDS.entries).default([]);

/** A recording as its file has it, `json` of an exchange already written out as `body`. */
export const recordingSchema = z.strictObject({
  version: z.literal(1),
  /** Where the answers come from, for people. */
  about: text(2_000).default(""),
  exchanges: list(exchange),
  chains: list(chainRead),
  calls: list(call),
});

type Filed = z.infer<typeof recordingSchema>;
type FiledAnswer = Extract<Filed["exchanges"][number], { status: number }>;
type FiledFault = Extract<Filed["exchanges"][number], { error: string }>;

/** One answer of a source over HTTP, or the code that the request failed with. */
export type RecordedExchange =
  | FiledFault
  | (Omit<FiledAnswer, "body" | "bodyFile"> & { readonly body: string });
/** One read of a chain. */
export type RecordedRead = Filed["chains"][number];
/** One answer of another Cryptlet. */
export type RecordedCallee = Filed["calls"][number];
