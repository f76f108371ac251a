import { z } from "zod";
import { cryptletIdSchema, feedIdSchema } from "../core/ids.ts";
import { rangeSchema, RUN_LIMITS } from "../core/limits.ts";
import { capabilitiesSchema } from "./capability-grants.ts";
import { hostPatternCovers } from "./host-pattern.ts";

// Host side only: a guest imports the type, never this module, so that zod stays out of the measured bundle.

/** Semantic Versioning 2.0.0, the expression its authors publish (semver.org, FAQ). */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/;

const RECORD_FIELD_TYPES = ["string", "decimal", "boolean", "timestamp"] as const;

const feedBase = {
  id: feedIdSchema.describe(
    "its name inside this Cryptlet; lower-case letters, digits and inner hyphens",
  ),
  description: z.string().min(1).max(500).describe("for people; 1 to 500 characters"),
  minSources: z.int().min(1).max(64).describe("fewer answering sources than this publish nothing"),
};

const feedSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    ...feedBase,
    kind: z
      .literal("decimal")
      .describe("`decimal` is one number, which contracts can read; `record` is named fields"),
    decimals: z.int().min(0).max(18).describe("kind decimal: digits after the point, on chain too"),
    unit: z
      .string()
      .min(1)
      .max(64)
      .describe("kind decimal: for people, such as USD per troy ounce"),
  }),
  z.strictObject({
    ...feedBase,
    kind: z
      .literal("record")
      .describe("`decimal` is one number, which contracts can read; `record` is named fields"),
    fields: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_.]{0,63}$/, "a field name"),
        z.enum(RECORD_FIELD_TYPES),
      )
      .nullable()
      .default(null)
      .describe(
        `kind record: type of each field by name (${RECORD_FIELD_TYPES.join(", ")}); null where the feed's parameters name the fields`,
      ),
  }),
]);

const limitsSchema = z.strictObject({
  timeoutMs: rangeSchema(RUN_LIMITS.timeoutMs).describe("ms of one run, host calls included"),
  memoryBytes: rangeSchema(RUN_LIMITS.memoryBytes).describe(
    "memory of the guest's engine in bytes",
  ),
  maxHostCalls: rangeSchema(RUN_LIMITS.hostCalls).describe("calls of one run through the wall"),
  maxLogCharacters: rangeSchema(RUN_LIMITS.logCharacters).describe("characters of one run's log"),
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
    id: cryptletIdSchema.describe(
      "the package's name; lower-case letters, digits and inner hyphens",
    ),
    version: z
      .string()
      .max(64)
      .regex(SEMVER, "a semantic version, for example 1.0.0")
      .describe("semantic version, for example 1.0.0"),
    description: z.string().min(1).max(500).describe("for people; 1 to 500 characters"),
    licence: z.string().max(64).optional().describe("SPDX expression"),
    lane: z
      .enum(["js", "wasm", "evm", "process"])
      .default("js")
      .describe("engine that runs it; enclave.md compares them"),
    language: z
      .enum(Object.values(LANE_LANGUAGES).flat())
      .default("typescript")
      .describe("language of the source, one of its lane's: the builder follows from it"),
    main: z
      .string()
      .max(128)
      .regex(
        /^(?:[A-Za-z0-9_-]+\/)*[A-Za-z0-9_-]+\.(?:ts|js|rs|c|go|py|java|cs|sol)$/,
        "a relative path of a source file",
      )
      .default("src/main.ts")
      .describe(
        "source file that the build begins with, relative to the manifest; in lane js it exports `cryptlet`",
      ),
    feeds: z.array(feedSchema).min(1).max(64).describe("what it publishes, 1 to 64"),
    capabilities: capabilitiesSchema
      .prefault({})
      .describe("what it may touch; nothing without being asked for"),
    limits: limitsSchema.prefault({}).describe("how much one run may use"),
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
