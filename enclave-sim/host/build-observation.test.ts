import { expect, test } from "vitest";
import { createRunId, digestSchema, type FabricId, type FeedId } from "../../src/core/ids.ts";
import { observationSchema } from "../../src/envelope/observation.ts";
import type { ObservationDraft, SourceReading } from "../../src/sdk/abi.ts";
import {
  AT,
  draft,
  probeOptions,
  probePackage,
  trigger,
} from "../../test/support/guest-fixture.ts";
import type { Provenance } from "../capabilities/capability.ts";
import { buildObservation, type HeldRun } from "./build-observation.ts";
import type { ServedFeed } from "./enclave.ts";

const DIGEST = digestSchema.parse(`sha256:${"ab".repeat(32)}`);
const { manifest } = probePackage("");
const [price, record] = probeOptions("").feeds;

const seen = (reference: number, change: Partial<Provenance> = {}): Provenance => ({
  reference,
  id: `source-${reference}`,
  mode: "EMULATED",
  requestDigest: DIGEST,
  tls: { spkiSha256: "aa", certificateSha256: "bb", protocol: "TLSv1.3" },
  status: 200,
  responseDigest: DIGEST,
  receivedAt: AT,
  ...change,
});
const reading = (reference: number | null, change: Partial<SourceReading> = {}): SourceReading => ({
  id: `source-${reference}`,
  reference,
  extracted: "2650.10",
  observedAt: AT,
  outlier: false,
  error: null,
  ...change,
});

const build = (change: {
  draft?: Partial<ObservationDraft>;
  run?: Partial<HeldRun>;
  served?: ServedFeed | undefined;
  now?: number;
}) => {
  const served = change.served ?? price;
  if (!served) throw new Error("the fixture serves feeds");
  return buildObservation({
    fabric: "test-fabric" as FabricId,
    manifest,
    measurement: DIGEST,
    served,
    run: {
      trigger: trigger({ feed: served.cryptletFeed }),
      draft: draft({ sources: [reading(1)], ...change.draft }),
      provenance: [seen(1), seen(2)],
      stateChange: null,
      transcriptDigest: DIGEST,
      receiptDigest: DIGEST,
      finishedAt: AT,
      ...change.run,
    },
    request: {
      runId: createRunId(),
      feed: "probe-feed" as FeedId,
      round: 1,
      epoch: 0,
      previous: null,
    },
    now: change.now ?? AT + 5_000,
  });
};

test("a good run gives a statement that its own reader accepts", () => {
  const observation = build({});
  expect(observationSchema.parse(observation)).toEqual(observation);
  expect(observation).toMatchObject({
    issuedAt: AT + 5_000,
    validUntil: AT + 65_000,
    previous: null,
    sources: [{ id: "source-1", mode: "EMULATED", status: 200, responseDigest: DIGEST }],
  });
});

test("a source that failed keeps what the enclave saw of it, and a silent one is empty", () => {
  const failed = { extracted: null, error: "HTTP_TIMEOUT" };
  const observation = build({
    draft: {
      sources: [
        reading(1),
        reading(null, { ...failed, id: "source-2" }),
        reading(null, { ...failed, id: "never-asked" }),
      ],
    },
    run: { provenance: [seen(1), seen(2, { status: null, responseDigest: null, tls: null })] },
  });
  expect(observation.sources.slice(1)).toMatchObject([
    { mode: "EMULATED", requestDigest: DIGEST, status: null, error: "HTTP_TIMEOUT" },
    { mode: null, requestDigest: null, status: null, error: "HTTP_TIMEOUT" },
  ]);
});

const decimal = (change: object): Partial<ObservationDraft> => ({
  value: { kind: "decimal", text: "1", decimals: 8, unit: "USD", ...change },
});
const used = (
  aggregation: Partial<ObservationDraft["aggregation"]>,
): Partial<ObservationDraft> => ({
  aggregation: { ...draft().aggregation, ...aggregation },
});

test.each<[string, Parameters<typeof build>[0]]>([
  ["a feed that the manifest does not have", { draft: { feed: "other" } }],
  ["a feed that the run was not for", { run: { trigger: trigger({ feed: "record" }) } }],
  ["other parameters than the feed's", { run: { trigger: trigger({ parameters: { a: 1 } }) } }],
  ["a time in the future", { draft: { observedAt: AT + 120_000 } }],
  ["other decimals", { draft: decimal({ decimals: 9 }) }],
  ["another unit", { draft: decimal({ unit: "EUR" }) }],
  ["more digits than decimals", { draft: decimal({ text: "1.123456789" }) }],
  ["a record for a number", { draft: { value: { kind: "record", fields: {} } } }],
  ["more used sources than it lists", { draft: used({ used: 2 }) }],
  ["less demanded sources than the manifest", { draft: { sources: [], ...used({ used: 1 }) } }],
  ["an outlier counted as used", { draft: { sources: [reading(1, { outlier: true })] } }],
  ["a failed source counted as used", { draft: { sources: [reading(1, { error: "X" })] } }],
  ["an answer of another run", { draft: { sources: [reading(3)] } }],
  ["a value without any answer", { draft: { sources: [reading(null)] } }],
  [
    "one answer that counts as two sources",
    { draft: { sources: [reading(1), reading(1, { id: "source-2" })], ...used({ used: 2 }) } },
  ],
  [
    "one source listed twice",
    { draft: { sources: [reading(1), reading(2, { id: "source-1" })], ...used({ used: 2 }) } },
  ],
  ["an answer under another source's name", { draft: { sources: [reading(1, { id: "kraken" })] } }],
  ["a price that is no number", { draft: { sources: [reading(1, { extracted: "NaN" })] } }],
  [
    "a value of an answer that did not arrive whole",
    { run: { provenance: [seen(1, { responseDigest: null })] } },
  ],
])("refuses %s", (_name, change) => {
  expect(() => build(change)).toThrow(expect.objectContaining({ code: "OBSERVATION_REFUSED" }));
});

test("refuses live and emulated answers in one statement, whether used or not", () => {
  const mixed = { run: { provenance: [seen(1), seen(2, { mode: "LIVE" })] } } as const;
  expect(() => build(mixed)).toThrow(expect.objectContaining({ code: "SOURCE_MODES_MIXED" }));
});

/** A run of the record feed with one field changed. */
const fields = (change: object): Parameters<typeof build>[0] => ({
  served: record,
  draft: {
    feed: "record",
    sources: [reading(1)],
    value: {
      kind: "record",
      fields: {
        name: { type: "string", value: "Ada" },
        rating: { type: "null", value: "" },
        ...change,
      },
    },
  },
});

test("a record has the manifest's fields with their types, or null", () => {
  expect(build(fields({})).value.kind).toBe("record");
  for (const wrong of [
    { more: { type: "string", value: "" } },
    { name: { type: "decimal", value: "1" } },
    { rating: undefined },
  ])
    expect(() => build(fields(wrong))).toThrow(
      expect.objectContaining({ code: "OBSERVATION_REFUSED" }),
    );
});
