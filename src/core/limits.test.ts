import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { limitsOf, WALL } from "../../enclave-sim/protocol/limits.ts";
import { codeFileOf } from "../../enclave-sim/host/code-file.ts";
import { manifestSchema } from "../sdk/manifest.ts";
import {
  CHAIN_LIMITS,
  HOST_LIMITS,
  HTTP_BODY_CHARACTERS,
  HTTP_LIMITS,
  PACKAGE_LIMITS,
  type Range,
  rangeSchema,
  RUN_LIMITS,
  STATE_LIMITS,
  WALL_LIMITS,
} from "./limits.ts";

const RANGES: readonly Range[] = [
  RUN_LIMITS,
  HOST_LIMITS,
  HTTP_LIMITS,
  STATE_LIMITS,
  CHAIN_LIMITS,
].flatMap((group) => Object.values<Range>(group));

/** Files that bound a Cryptlet: schemas, enclave, wall, test kit. */
const BOUNDING = [
  "src/sdk/manifest.ts",
  "src/sdk/capability-grants.ts",
  "enclave-sim/protocol/limits.ts",
  "enclave-sim/host/code-file.ts",
  "enclave-sim/host/read-package.ts",
  ...readdirSync("enclave-sim/capabilities", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => path.join("enclave-sim/capabilities", name)),
  ...readdirSync("src/test-kit")
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => path.join("src/test-kit", name)),
];
/** Figures of a Cryptlet's bounds that no other thing is likely to have. */
const FIGURES = new Set(
  [
    ...RANGES.flatMap(({ min, max, default: usual }) => [min, max, usual]),
    ...Object.values(WALL_LIMITS),
    ...Object.values(PACKAGE_LIMITS.codeBytes),
    HTTP_BODY_CHARACTERS,
    HTTP_BODY_CHARACTERS,
    PACKAGE_LIMITS.manifestBytes,
    PACKAGE_LIMITS.sourceMapBytes,
  ].filter((figure) => figure >= 15_000),
);
/** The same figure with a meaning of its own, and which. */
const OTHERS: ReadonlySet<string> = new Set([
  // Times of the connection pool, of tokens and of rate limits, which no manifest sets.
  "enclave-sim/capabilities/http/access-tokens.ts 30000",
  "enclave-sim/capabilities/http/access-tokens.ts 60000",
  "enclave-sim/capabilities/http/connection.ts 30000",
  "enclave-sim/capabilities/http/rate-limits.ts 60000",
  // The recording's own file, all its bodies together, and how long a test's statement is good for.
  "src/test-kit/recording-schema.ts 1048576",
  "src/test-kit/recording-schema.ts 67108864",
  "src/test-kit/test-statement.ts 60000",
]);

const figuresIn = (file: string): readonly number[] =>
  [...readFileSync(file, "utf8").matchAll(/(?<![\w.])\d[\d_]*(?![\w.])/g)].map(([text]) =>
    Number(text.replaceAll("_", "")),
  );

test("a default lies between its bounds, and a schema holds to all three", () => {
  for (const range of RANGES) {
    const schema = rangeSchema(range);
    expect(schema.parse(undefined)).toBe(range.default);
    expect([schema.parse(range.min), schema.parse(range.max)]).toEqual([range.min, range.max]);
    for (const outside of [range.min - 1, range.max + 1, range.min + 0.5])
      expect(schema.safeParse(outside).success).toBe(false);
  }
});

test("manifest, enclave and wall read the same figures", () => {
  const manifest = manifestSchema.parse({
    id: "probe",
    version: "1.0.0",
    description: "A",
    feeds: [
      { id: "a", kind: "decimal", description: "A", minSources: 1, decimals: 2, unit: "USD" },
    ],
    capabilities: { http: { hosts: [{ host: "a.example", paths: ["/"] }] }, state: {} },
  });
  expect(manifest.limits).toEqual({
    timeoutMs: RUN_LIMITS.timeoutMs.default,
    memoryBytes: RUN_LIMITS.memoryBytes.default,
    maxHostCalls: RUN_LIMITS.hostCalls.default,
    maxLogCharacters: RUN_LIMITS.logCharacters.default,
  });
  expect(manifest.capabilities.http).toMatchObject({
    timeoutMs: HTTP_LIMITS.timeoutMs.default,
    maxResponseBytes: HTTP_LIMITS.responseBytes.default,
    maxRequests: HTTP_LIMITS.requests.default,
  });
  expect(manifest.capabilities.state).toEqual({
    maxBytes: STATE_LIMITS.bytes.default,
    maxKeys: STATE_LIMITS.keys.default,
  });
  expect(limitsOf(manifest)).toMatchObject(manifest.limits);
  expect(WALL).toBe(WALL_LIMITS);
  expect(codeFileOf(manifest).maxBytes).toBe(PACKAGE_LIMITS.codeBytes.js);
});

test("no other file that bounds a Cryptlet writes one of them down again", () => {
  const repeated = BOUNDING.flatMap((file) =>
    figuresIn(file)
      .filter((figure) => FIGURES.has(figure))
      .map((figure) => `${file} ${figure}`),
  );
  expect(repeated.filter((each) => !OTHERS.has(each))).toEqual([]);
});
