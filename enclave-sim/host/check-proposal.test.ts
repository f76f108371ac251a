import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestSchema } from "../../src/core/ids.ts";
import { observationSchema, type Observation } from "../../src/envelope/observation.ts";
import type { SourceReading } from "../../src/sdk/abi.ts";
import { codeOf } from "../../test/support/code-of.ts";
import {
  AT,
  draft,
  probeOptions,
  probePackage,
  trigger,
} from "../../test/support/guest-fixture.ts";
import type { Provenance } from "../capabilities/capability.ts";
import { checkProposal, isWithin, MAX_ROUND_STEP, type ProposalFacts } from "./check-proposal.ts";

const DIGEST = digestSchema.parse(`sha256:${"ab".repeat(32)}`);
const OTHER = digestSchema.parse(`sha256:${"cd".repeat(32)}`);
const { manifest } = probePackage("");
const [price, record] = probeOptions("").feeds;
if (!price || !record) throw new Error("the fixture serves feeds");
const WINDOW_MS = 30_000;
const quorum = { members: ["a", "b", "c"], threshold: 2, tolerancePpm: 1_000, windowMs: WINDOW_MS };

const seen: Provenance = {
  reference: 1,
  id: "source-1",
  mode: "EMULATED",
  requestDigest: DIGEST,
  tls: { spkiSha256: "aa", certificateSha256: "bb", protocol: "TLSv1.3" },
  status: 200,
  responseDigest: DIGEST,
  receivedAt: AT,
};
const reading: SourceReading = {
  id: "source-1",
  reference: 1,
  extracted: "2650.10",
  observedAt: AT,
  outlier: false,
  error: null,
};

const facts = (change: Partial<ProposalFacts> = {}): ProposalFacts => ({
  fabric: "test-fabric",
  manifest,
  measurement: DIGEST,
  served: { ...price, quorum },
  run: {
    trigger: trigger({ feed: price.cryptletFeed }),
    draft: draft({ sources: [reading] }),
    provenance: [seen],
    stateChange: null,
    transcriptDigest: DIGEST,
    receiptDigest: DIGEST,
    finishedAt: AT,
  },
  latest: { round: 4, envelopeDigest: DIGEST },
  standing: 4,
  now: AT,
  ...change,
});

const proposal = (
  change: Partial<Record<keyof Observation, unknown>> = {},
  subject: Partial<Record<keyof Observation["subject"], unknown>> = {},
): Observation =>
  observationSchema.parse({
    subject: {
      fabric: "test-fabric",
      feed: price.feed,
      feedHash: price.feedHash,
      round: 5,
      epoch: 1,
      ...subject,
    },
    cryptlet: { id: manifest.id, version: manifest.version, measurement: DIGEST },
    value: { kind: "decimal", text: "2650.10", decimals: 8, unit: "USD" },
    observedAt: AT,
    issuedAt: AT,
    validUntil: AT + price.validForMs,
    market: { status: "open", session: null, nextOpen: null },
    sources: [
      {
        id: "elsewhere",
        mode: "EMULATED",
        requestDigest: OTHER,
        tls: null,
        status: 200,
        responseDigest: OTHER,
        extracted: "2650.10",
        observedAt: AT,
        outlier: false,
        error: null,
      },
    ],
    aggregation: { method: "median", minSources: 1, used: 1, spread: "0" },
    run: {
      id: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
      trigger: "interval:1",
      transcriptDigest: OTHER,
      receiptDigest: OTHER,
    },
    previous: { envelopeDigest: DIGEST },
    ...change,
  });

const value = (text: string, change: object = {}) => ({
  value: { kind: "decimal", text, decimals: 8, unit: "USD", ...change },
});

describe("a proposal", () => {
  it("that agrees with the own run is approved, whatever the leader's own sources were", () => {
    const taken: [Observation, Partial<ProposalFacts>?][] = [
      [proposal()],
      [proposal(value("2652.75"))],
      [proposal({ previous: null }, { round: 1 }), { latest: null, standing: 0 }],
      [proposal({}, { round: 4 + MAX_ROUND_STEP })],
    ];
    for (const [given, change] of taken)
      expect(codeOf(() => checkProposal(given, facts(change)))).toBe("none");
  });

  const refused: [string, string, Observation, Partial<ProposalFacts>?][] = [
    ["another fabric", "fabric", proposal({}, { fabric: "other" })],
    ["another feed", "feed", proposal({}, { feed: "silver" })],
    ["other parameters", "feedHash", proposal({}, { feedHash: `0x${"11".repeat(32)}` })],
    [
      "another Cryptlet",
      "cryptlet",
      proposal({ cryptlet: { id: "other", version: manifest.version, measurement: DIGEST } }),
    ],
    [
      "another version",
      "version",
      proposal({ cryptlet: { id: manifest.id, version: "9.9.9", measurement: DIGEST } }),
    ],
    [
      "other code",
      "measurement",
      proposal({ cryptlet: { id: manifest.id, version: manifest.version, measurement: OTHER } }),
    ],
    ["a round on record", "round", proposal({}, { round: 4 })],
    ["a round far ahead", "round", proposal({}, { round: 5 + MAX_ROUND_STEP })],
    ["another predecessor", "previous", proposal({ previous: { envelopeDigest: OTHER } })],
    ["no predecessor", "previous", proposal({ previous: null })],
    ["a predecessor that is not on record", "previous", proposal(), { latest: null, standing: 0 }],
    [
      "an early signature",
      "issuedAt",
      proposal({ issuedAt: AT - WINDOW_MS - 1, validUntil: AT - WINDOW_MS - 1 + price.validForMs }),
    ],
    [
      "a late signature",
      "issuedAt",
      proposal({ issuedAt: AT + WINDOW_MS + 1, validUntil: AT + WINDOW_MS + 1 + price.validForMs }),
    ],
    ["a longer validity", "validUntil", proposal({ validUntil: AT + price.validForMs + 1 })],
    ["an old observation", "observedAt", proposal({ observedAt: AT - WINDOW_MS - 1 })],
    ["an observation of the future", "observedAt", proposal({ observedAt: AT + 60_001 })],
    [
      "an own run that is old",
      "run",
      proposal(),
      { run: { ...facts().run, finishedAt: AT - WINDOW_MS - 1 } },
    ],
    [
      "an own run of another feed",
      "run",
      proposal(),
      { run: { ...facts().run, trigger: trigger({ feed: "record" }) } },
    ],
    [
      "an own run with other parameters",
      "run",
      proposal(),
      {
        run: {
          ...facts().run,
          trigger: trigger({ feed: price.cryptletFeed, parameters: { a: 1 } }),
        },
      },
    ],
    [
      "sources reached in another way",
      "sources",
      proposal({ sources: [{ ...proposal().sources[0], mode: "LIVE" }] }),
    ],
    [
      "another state of the market",
      "market",
      proposal({ market: { status: "closed", session: null, nextOpen: null } }),
    ],
    ["another unit", "value", proposal(value("2650.10", { unit: "EUR" }))],
    ["other decimals", "value", proposal(value("2650.10", { decimals: 2 }))],
    ["more digits than decimals", "value", proposal(value("2650.100000001"))],
  ];
  it.each(refused)("with %s is refused because of %s", (_, field, given, change = {}) => {
    expect(() => checkProposal(given, facts(change))).toThrow(
      expect.objectContaining({
        code: "ENDORSEMENT_REFUSED",
        arguments: expect.objectContaining({ field }),
      }),
    );
  });

  it("whose value is further away than agreed is refused with both values", () => {
    expect(() => checkProposal(proposal(value("2652.76")), facts())).toThrow(
      expect.objectContaining({
        code: "VALUE_OUT_OF_TOLERANCE",
        arguments: {
          feed: price.feed,
          round: 5,
          proposed: "2652.76",
          own: "2650.10",
          tolerancePpm: 1_000,
        },
      }),
    );
    const exact = facts({ served: { ...price, quorum: { ...quorum, tolerancePpm: null } } });
    checkProposal(proposal(value("2650.100")), exact);
    expect(codeOf(() => checkProposal(proposal(value("2650.10000001")), exact))).toBe(
      "VALUE_OUT_OF_TOLERANCE",
    );
  });

  it("that no contract would take, or an own run that could not be signed, is refused", () => {
    expect(codeOf(() => checkProposal(proposal({ validUntil: AT }), facts()))).toBe(
      "STATEMENT_MALFORMED",
    );
    const unread = { ...facts().run, provenance: [] };
    expect(codeOf(() => checkProposal(proposal(), facts({ run: unread })))).toBe(
      "OBSERVATION_REFUSED",
    );
  });

  it("of a record must be equal, field for field", () => {
    const fields = (name: string) => ({
      kind: "record" as const,
      fields: {
        name: { type: "string" as const, value: name },
        rating: { type: "decimal" as const, value: "7.5" },
      },
    });
    const own = facts({
      served: { ...record, quorum },
      run: {
        ...facts().run,
        trigger: trigger({ feed: record.cryptletFeed }),
        draft: draft({ feed: "record", value: fields("Ada"), sources: [reading] }),
      },
    });
    const of = (name: string) =>
      proposal(
        { value: fields(name), validUntil: AT + record.validForMs },
        { feed: record.feed, feedHash: record.feedHash },
      );
    checkProposal(of("Ada"), own);
    expect(codeOf(() => checkProposal(of("Eve"), own))).toBe("VALUE_OUT_OF_TOLERANCE");
    expect(
      codeOf(() =>
        checkProposal(
          proposal(
            { validUntil: AT + record.validForMs },
            { feed: record.feed, feedHash: record.feedHash },
          ),
          own,
        ),
      ),
    ).toBe("VALUE_OUT_OF_TOLERANCE");
  });
});

describe("the tolerance", () => {
  const amount = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
  const ppm = fc.integer({ min: 0, max: 1_000_000 });

  it("takes what is equal, and grows with the parts per million", () => {
    fc.assert(
      fc.property(amount, amount, ppm, ppm, (proposed, own, a, b) => {
        expect(isWithin(own, own, a)).toBe(true);
        const [less, more] = a < b ? [a, b] : [b, a];
        if (isWithin(proposed, own, less)) expect(isWithin(proposed, own, more)).toBe(true);
      }),
    );
  });

  it("is exact at its edge, on both sides and for negative values", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 24n }), ppm, fc.boolean(), (size, parts, up) => {
        const own = size * 1_000_000n;
        const edge = size * BigInt(parts);
        const step = up ? edge : -edge;
        const over = up ? 1n : -1n;
        for (const sign of [1n, -1n]) {
          expect(isWithin(sign * own + step, sign * own, parts)).toBe(true);
          expect(isWithin(sign * own + step + over, sign * own, parts)).toBe(false);
        }
      }),
    );
  });

  it("lets nothing but zero be near zero", () => {
    expect(isWithin(0n, 0n, 0)).toBe(true);
    expect(isWithin(1n, 0n, 1_000_000)).toBe(false);
  });
});
