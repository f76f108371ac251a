import { z } from "zod";
import { cryptletIdSchema, digestSchema, feedIdSchema } from "../core/ids.ts";
import { hostPatternCovers } from "./host-pattern.ts";

// Host side only: a guest imports the type, never this module, so that zod stays out of the measured bundle.

/** Semantic Versioning 2.0.0, the expression its authors publish (semver.org, FAQ). */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/;
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
  /** Exact name, or one leading wildcard label: `*.my.salesforce.com` covers exactly one label more. */
  host: hostPatternSchema,
  port: z.int().min(1).max(65_535).default(443),
  /** The request's path must equal a prefix or go on behind it at a `/`. */
  paths: z.array(pathPrefixSchema).min(1).max(32),
});

const httpSchema = z.strictObject({
  hosts: z.array(hostSchema).min(1).max(64),
  /** ms, from first look-up to last byte of one request, redirects and token request included. */
  timeoutMs: z.int().min(50).max(60_000).default(5_000),
  /** Bytes of one body after decompression. */
  maxResponseBytes: z.int().min(1).max(4_194_304).default(262_144),
  /** Requests of one run. */
  maxRequests: z.int().min(1).max(256).default(32),
});

const secretSchema = z.strictObject({
  name: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, "capital letters, digits and _"),
  /** The only hosts that the secret may be sent to; each must be covered by `http.hosts`. */
  hosts: z.array(hostPatternSchema).min(1).max(32),
  /** An optional secret may be left without a value; a request that names it then fails alone. */
  optional: z.boolean().default(false),
});

const stateSchema = z.strictObject({
  /** Bytes of all keys and values in UTF-8. */
  maxBytes: z.int().min(1).max(1_048_576).default(65_536),
  maxKeys: z.int().min(1).max(4_096).default(256),
});

const contractSchema = z.strictObject({
  address: z.string().regex(/^0x[0-9a-f]{40}$/, "0x and 40 lower-case hex digits"),
  /** First four bytes of the calls that are allowed. */
  selectors: z
    .array(z.string().regex(/^0x[0-9a-f]{8}$/, "0x and 8 lower-case hex digits"))
    .max(64)
    .default([]),
  /** First topics of the events that may be read. */
  events: z
    .array(z.string().regex(/^0x[0-9a-f]{64}$/, "0x and 64 lower-case hex digits"))
    .max(64)
    .default([]),
});

const chainSchema = z.strictObject({
  /** Name by which the host's configuration knows an RPC of the chain. */
  chain: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, "lower-case letters, digits and -"),
  /** EIP-155 id; an RPC that answers for another chain is refused. */
  chainId: z.int().min(1),
  contracts: z.array(contractSchema).min(1).max(64),
  /** Endpoints of the host that must give the same answer. */
  quorum: z.int().min(1).max(9).default(1),
  /** Blocks that one query of logs may cover. */
  maxLogBlocks: z.int().min(1).max(10_000).default(1_000),
  /** Bytes of what one query gives. */
  maxResultBytes: z.int().min(32).max(1_048_576).default(65_536),
});

const callSchema = z.strictObject({
  /** Another Cryptlet of the same enclave. */
  cryptlet: cryptletIdSchema,
  /** Feeds of its manifest that may be asked for. */
  feeds: z.array(feedIdSchema).min(1).max(64),
  /** The only code that may answer; null takes whatever the host loaded under that name. */
  measurement: digestSchema.nullable().default(null),
});

const RECORD_FIELD_TYPES = ["string", "decimal", "boolean", "timestamp"] as const;

const feedBase = {
  id: feedIdSchema,
  description: z.string().min(1).max(500),
  /** Fewer answering sources than this publish nothing. */
  minSources: z.int().min(1).max(64),
};

const feedSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    ...feedBase,
    kind: z.literal("decimal"),
    decimals: z.int().min(0).max(18),
    unit: z.string().min(1).max(64),
  }),
  z.strictObject({
    ...feedBase,
    kind: z.literal("record"),
    /** Field name -> type; null where the feed's parameters name the fields. */
    fields: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_.]{0,63}$/, "a field name"),
        z.enum(RECORD_FIELD_TYPES),
      )
      .nullable()
      .default(null),
  }),
]);

const limitsSchema = z.strictObject({
  /** ms of one run, host calls included. */
  timeoutMs: z.int().min(50).max(120_000).default(15_000),
  /** Memory of the guest engine. */
  memoryBytes: z.int().min(4_194_304).max(268_435_456).default(33_554_432),
  /** Calls of one run through the wall. */
  maxHostCalls: z.int().min(1).max(10_000).default(256),
  /** Characters of one run's log. */
  maxLogCharacters: z.int().min(0).max(1_048_576).default(65_536),
});

/** Languages of each lane. A manifest that names none is TypeScript, whatever its lane. */
export const LANE_LANGUAGES = {
  js: ["typescript", "javascript"],
  wasm: ["rust", "c", "assemblyscript", "go", "micropython"],
  evm: ["solidity"],
  process: ["python", "java", "csharp"],
} as const;
/** Language that a Cryptlet's source is written in; its builder and, in the process lane, its runtime follow from it. */
export type Language = (typeof LANE_LANGUAGES)[keyof typeof LANE_LANGUAGES][number];

const repeated = (names: readonly string[]): readonly number[] =>
  names.flatMap((name, index) => (names.indexOf(name) < index ? [index] : []));

/**
 * What `cryptlet.json` holds: a Cryptlet's name, its feeds, what it may touch and how much it may use.
 * Its exact bytes are part of the measurement.
 * @example
 * ```ts
 * const manifest = manifestSchema.parse(JSON.parse(await readFile("cryptlet.json", "utf8")));
 * ```
 */
export const manifestSchema = z
  .strictObject({
    id: cryptletIdSchema,
    version: z.string().max(64).regex(SEMVER, "a semantic version, for example 1.0.0"),
    description: z.string().min(1).max(500),
    /** SPDX expression. */
    licence: z.string().max(64).optional(),
    lane: z.enum(["js", "wasm", "evm", "process"]).default("js"),
    language: z.enum(Object.values(LANE_LANGUAGES).flat()).default("typescript"),
    /** Source file that the build begins with, relative to the manifest; in lane js it exports `cryptlet`. */
    main: z
      .string()
      .max(128)
      .regex(
        /^(?:[A-Za-z0-9_-]+\/)*[A-Za-z0-9_-]+\.(?:ts|js|rs|c|go|py|java|cs|sol)$/,
        "a relative path of a source file",
      )
      .default("src/main.ts"),
    feeds: z.array(feedSchema).min(1).max(64),
    capabilities: z
      .strictObject({
        http: httpSchema.optional(),
        secrets: z.array(secretSchema).max(32).default([]),
        time: z.boolean().default(false),
        random: z.boolean().default(false),
        /** Whether the code may read what the host configured for it. */
        configuration: z.boolean().default(false),
        /** Text by key that a later run finds again, kept sealed. */
        state: stateSchema.optional(),
        chains: z.array(chainSchema).max(16).default([]),
        calls: z.array(callSchema).max(32).default([]),
      })
      .prefault({}),
    limits: limitsSchema.prefault({}),
  })
  .superRefine((manifest, context) => {
    const fault = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    for (const index of repeated(manifest.feeds.map((feed) => feed.id)))
      fault(["feeds", index, "id"], "this feed id is used twice");
    if (!(LANE_LANGUAGES[manifest.lane] as readonly Language[]).includes(manifest.language))
      fault(["language"], `lane ${manifest.lane} runs ${LANE_LANGUAGES[manifest.lane].join(", ")}`);
    const { http, secrets } = manifest.capabilities;
    for (const index of repeated(secrets.map((secret) => secret.name)))
      fault(["capabilities", "secrets", index, "name"], "this secret is named twice");
    for (const index of repeated(manifest.capabilities.chains.map(({ chain }) => chain)))
      fault(["capabilities", "chains", index, "chain"], "this chain is named twice");
    for (const index of repeated(manifest.capabilities.calls.map(({ cryptlet }) => cryptlet)))
      fault(["capabilities", "calls", index, "cryptlet"], "this Cryptlet is named twice");
    for (const [index, { cryptlet }] of manifest.capabilities.calls.entries())
      if (cryptlet === manifest.id)
        fault(["capabilities", "calls", index, "cryptlet"], "a Cryptlet does not call itself");
    for (const [index, secret] of secrets.entries())
      for (const [at, host] of secret.hosts.entries())
        if (!http?.hosts.some((allowed) => hostPatternCovers(allowed.host, host)))
          fault(
            ["capabilities", "secrets", index, "hosts", at],
            "no entry of capabilities.http.hosts covers this host",
          );
  });

/** A parsed manifest; every default is filled in. */
export type Manifest = z.infer<typeof manifestSchema>;
/** A manifest as its author writes it. */
export type ManifestInput = z.input<typeof manifestSchema>;
/** One feed of a manifest. */
export type FeedManifest = Manifest["feeds"][number];
/** The http capability as a manifest grants it. */
export type HttpManifest = NonNullable<Manifest["capabilities"]["http"]>;
/** The state capability as a manifest grants it. */
export type StateManifest = NonNullable<Manifest["capabilities"]["state"]>;
/** A chain as a manifest grants it. */
export type ChainManifest = Manifest["capabilities"]["chains"][number];
/** Another Cryptlet as a manifest grants a call to it. */
export type CallManifest = Manifest["capabilities"]["calls"][number];
/** A secret as a manifest names it. */
export type SecretManifest = Manifest["capabilities"]["secrets"][number];
