import { z } from "zod";
import { cryptletIdSchema, digestSchema, feedIdSchema } from "../core/ids.ts";
import { CHAIN_LIMITS, HTTP_LIMITS, rangeSchema, STATE_LIMITS } from "../core/limits.ts";

// Host side only, as manifest.ts. The descriptions are printed as docs/manifest.md.

/** DNS name of at least two labels whose last begins with a letter (so never an address), or `*.` before one. */
const HOST_PATTERN =
  /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const PATH_PREFIX = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/;

const hostPatternSchema = z
  .string()
  .max(253)
  .regex(HOST_PATTERN, "a lower-case DNS name, or *. and a DNS name")
  .refine(
    (host) => !host.startsWith("*.") || host.split(".").length >= 4,
    "a wildcard needs at least three labels behind it, for example *.my.example.com",
  );

const pathPrefixSchema = z
  .string()
  .max(256)
  .regex(PATH_PREFIX, "a path that begins with /, without query and percent signs")
  .refine((path) => !path.split("/").some((part) => part === "." || part === ".."), "no dot parts");

const hostSchema = z.strictObject({
  host: hostPatternSchema.describe(
    "lower-case DNS name, or one leading wildcard label: `*.my.example.com` covers exactly one label more",
  ),
  port: z.int().min(1).max(65_535).default(443).describe("TLS always"),
  paths: z
    .array(pathPrefixSchema)
    .min(1)
    .max(32)
    .describe("the request's path must equal one of them or go on behind it at a `/`; 1 to 32"),
});

const httpSchema = z.strictObject({
  hosts: z.array(hostSchema).min(1).max(64).describe("the only hosts that it reaches, 1 to 64"),
  timeoutMs: rangeSchema(HTTP_LIMITS.timeoutMs).describe(
    "ms from first look-up to last byte of one request, redirects and token request included",
  ),
  maxResponseBytes: rangeSchema(HTTP_LIMITS.responseBytes).describe(
    "bytes of one body after decompression",
  ),
  maxRequests: rangeSchema(HTTP_LIMITS.requests).describe("requests of one run"),
});

const secretSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,63}$/, "capital letters, digits and _")
    .describe("name by which code and host know it: capital letters, digits and _"),
  hosts: z
    .array(hostPatternSchema)
    .min(1)
    .max(32)
    .describe(
      "the only hosts that it may be sent to, 1 to 32; each must be covered by `http.hosts`",
    ),
  optional: z
    .boolean()
    .default(false)
    .describe("may be left without a value; a request that names it then fails alone"),
});

const stateSchema = z.strictObject({
  maxBytes: rangeSchema(STATE_LIMITS.bytes).describe("bytes of all keys and values in UTF-8"),
  maxKeys: rangeSchema(STATE_LIMITS.keys).describe("keys that may stand at once"),
});

const contractSchema = z.strictObject({
  address: z
    .string()
    .regex(/^0x[0-9a-f]{40}$/, "0x and 40 lower-case hex digits")
    .describe("0x and 40 lower-case hex digits"),
  selectors: z
    .array(z.string().regex(/^0x[0-9a-f]{8}$/, "0x and 8 lower-case hex digits"))
    .max(64)
    .default([])
    .describe("first four bytes of the calls that are allowed: 0x and 8 lower-case hex digits"),
  events: z
    .array(z.string().regex(/^0x[0-9a-f]{64}$/, "0x and 64 lower-case hex digits"))
    .max(64)
    .default([])
    .describe("first topics of the events that may be read: 0x and 64 lower-case hex digits"),
});

const chainSchema = z.strictObject({
  chain: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, "lower-case letters, digits and -")
    .describe("name by which the host's configuration knows endpoints of the chain"),
  chainId: z
    .int()
    .min(1)
    .describe("EIP-155 id; an endpoint that answers for another chain is refused"),
  contracts: z
    .array(contractSchema)
    .min(1)
    .max(64)
    .describe("the only contracts that it reads, 1 to 64"),
  quorum: rangeSchema(CHAIN_LIMITS.quorum).describe(
    "endpoints of the host that must give the same answer",
  ),
  maxLogBlocks: rangeSchema(CHAIN_LIMITS.logBlocks).describe(
    "blocks that one query of logs may cover",
  ),
  maxResultBytes: rangeSchema(CHAIN_LIMITS.resultBytes).describe("bytes of what one query gives"),
});

const callSchema = z.strictObject({
  cryptlet: cryptletIdSchema.describe("id of another Cryptlet of the same enclave"),
  feeds: z
    .array(feedIdSchema)
    .min(1)
    .max(64)
    .describe("feeds of its manifest that may be asked for, 1 to 64"),
  measurement: digestSchema
    .nullable()
    .default(null)
    .describe("the only code that may answer; null takes whatever the host loaded under that name"),
});

/** What a manifest asks for; nothing is granted that does not stand here. */
export const capabilitiesSchema = z.strictObject({
  http: httpSchema.optional().describe("requests over TLS to named hosts and paths"),
  secrets: z
    .array(secretSchema)
    .max(32)
    .default([])
    .describe("values of the operator that only the enclave can put into a request"),
  time: z.boolean().default(false).describe("the enclave's clock"),
  random: z.boolean().default(false).describe("random bytes"),
  configuration: z
    .boolean()
    .default(false)
    .describe("whether the code may read what the operator configured for it"),
  state: stateSchema.optional().describe("text by key that a later run finds again, kept sealed"),
  chains: z
    .array(chainSchema)
    .max(16)
    .default([])
    .describe("contract calls and logs at one pinned block"),
  calls: z.array(callSchema).max(32).default([]).describe("other Cryptlets that it may ask"),
});
