import { beforeEach, describe, expect, it } from "vitest";
import {
  cryptletIdSchema,
  digestSchema,
  fabricIdSchema,
  feedIdSchema,
  createRunId,
} from "../../src/core/ids.ts";
import { createSigningKey, type SigningKey } from "../../src/crypto/key-record.ts";
import { computeBatchHash, readBatchMembers } from "../../src/envelope/batch-members.ts";
import { computeFeedHash } from "../../src/envelope/feed-hash.ts";
import type { Observation } from "../../src/envelope/observation.ts";
import { signObservation } from "../../src/envelope/signed-observation.ts";
import { manifestSchema } from "../../src/sdk/manifest.ts";
import type { BatchItem, BatchRequest } from "./batch-request.ts";
import { createBatchSigner } from "./create-batch-signer.ts";
import { codeOf } from "../../test/support/code-of.ts";
import { createRoundBook, type RoundEntry } from "./round-book.ts";

const NOW = 1_800_000_000_000;
const DIGEST = digestSchema.parse(`sha256:${"ab".repeat(32)}`);
const fabric = fabricIdSchema.parse("test");
const cryptlet = cryptletIdSchema.parse("gold-price");
const names = ["a", "b", "c"].map((name) => feedIdSchema.parse(name));
const batch = feedIdSchema.parse("all");
const hashOf = (feed: (typeof names)[number]) =>
  computeFeedHash({ fabric, cryptlet, feed, parameters: null });
const batchHash = computeBatchHash({ fabric, cryptlet, feed: batch, members: names.map(hashOf) });
const manifest = manifestSchema.parse({
  id: "gold-price",
  version: "1.0.0",
  description: "gold",
  feeds: [
    { id: "price", kind: "decimal", description: "p", minSources: 1, decimals: 8, unit: "USD" },
  ],
});

let json: SigningKey;
let onchain: SigningKey;
let now: number;
beforeEach(() => {
  json = createSigningKey("ed25519");
  onchain = createSigningKey("secp256k1-keccak256");
  now = NOW;
});

const observation = (
  feed: (typeof names)[number],
  round: number,
  change: Partial<Observation> = {},
): Observation => ({
  subject: { fabric, feed, feedHash: hashOf(feed), round, epoch: 1 },
  cryptlet: { id: cryptlet, version: "1.0.0", measurement: DIGEST },
  value: { kind: "decimal", text: "4001.25", decimals: 8, unit: "USD" },
  observedAt: NOW - 1_000,
  issuedAt: NOW - 900,
  validUntil: NOW + 60_000,
  market: { status: "open", session: null, nextOpen: null },
  sources: [
    {
      id: "s",
      mode: "LIVE",
      requestDigest: DIGEST,
      tls: null,
      status: 200,
      responseDigest: DIGEST,
      extracted: "4001.25",
      observedAt: null,
      outlier: false,
      error: null,
    },
  ],
  aggregation: { method: "single", minSources: 1, used: 1, spread: "0" },
  run: { id: createRunId(), trigger: "t", transcriptDigest: DIGEST, receiptDigest: DIGEST },
  previous: round === 1 ? null : { envelopeDigest: DIGEST },
  ...change,
});

const item = (
  statement: Observation,
  listed = true,
  keys = [json, onchain] as const,
): BatchItem => {
  const signed = signObservation(statement, { json: [keys[0]], onchain: [keys[1]] });
  return { envelope: signed.envelope, onchain: signed.onchain ?? signed.envelope, listed };
};

const open = (before: readonly RoundEntry[] = []) =>
  createBatchSigner({
    fabric,
    manifest,
    measurement: DIGEST,
    feeds: names.map((feed) => ({
      feed,
      cryptletFeed: "price",
      feedHash: hashOf(feed),
      parameters: null,
      validForMs: 60_000,
    })),
    batches: [{ feed: batch, batchHash, members: names }],
    keys: {
      ed25519: json,
      secp256k1: onchain,
      encryption: { publicKey: "", secretKey: new Uint8Array() },
    },
    rounds: createRoundBook(before),
    before,
    now: () => now,
  });

const request = (round: number, items: BatchRequest["items"]): BatchRequest => ({
  sign: {
    runId: createRunId(),
    feed: batch,
    round,
    epoch: 1,
    previous: round === 1 ? null : DIGEST,
  },
  trigger: "t",
  items,
});
const [a, b, c] = names;
if (!a || !b || !c) throw new Error("three feeds");
const code = (expected: string) => expect.objectContaining({ code: expected });

describe("an enclave signs a batch", () => {
  it("of its own observations, listed or not, and of members without one", () => {
    const signed = open()(
      request(1, [item(observation(a, 4)), item(observation(b, 7), false), null]),
    );
    const members = readBatchMembers(signed.observation);
    expect(
      members.map((member) => [member.feed, member.listed, member.observation?.round]),
    ).toEqual([
      [a, true, 4],
      [b, false, 7],
      [c, false, undefined],
    ]);
    expect(signed.observation.validUntil).toBe(NOW + 60_000);
  });

  it("as the same bytes again for the same request, and never two of one round", () => {
    const sign = open();
    const first = request(1, [item(observation(a, 1)), null, null]);
    expect(sign(first)).toBe(sign(first));
    expect(() => sign(request(1, [item(observation(a, 2)), null, null]))).toThrow(
      code("ROUND_EQUIVOCATION"),
    );
  });

  it("with a later second than the one before, and random bytes that no host chose", () => {
    const sign = open();
    const items = [item(observation(a, 1)), null, null];
    const [one, two] = [sign(request(1, items)), sign(request(2, items))];
    expect(Math.floor(two.observation.issuedAt / 1_000)).toBe(
      Math.floor(one.observation.issuedAt / 1_000) + 1,
    );
    expect(two.observation.run.receiptDigest).not.toBe(one.observation.run.receiptDigest);
    expect(two.observation.run.transcriptDigest).toBe(one.observation.run.transcriptDigest);
  });

  it("and does not write out what has run out", () => {
    const stale = observation(b, 1, { validUntil: NOW + 500 });
    const signed = open()(request(1, [item(observation(a, 1)), item(stale), null]));
    expect(readBatchMembers(signed.observation).map(({ listed }) => listed)).toEqual([
      true,
      false,
      false,
    ]);
    expect(() => open()(request(1, [null, item(stale), null]))).toThrow(code("BATCH_EMPTY"));
  });
});

describe("an enclave signs no batch", () => {
  const refusalOf = (items: BatchRequest["items"]) => codeOf(() => open()(request(1, items)));

  it("with an item that other keys signed, in either form", () => {
    const other = [createSigningKey("ed25519"), createSigningKey("secp256k1-keccak256")] as const;
    const statement = observation(a, 1);
    expect(refusalOf([item(statement, true, other), null, null])).toBe("BATCH_REFUSED");
    expect(refusalOf([item(statement, true, [json, other[1]]), null, null])).toBe("BATCH_REFUSED");
    expect(refusalOf([item(statement, true, [other[0], onchain]), null, null])).toBe(
      "BATCH_REFUSED",
    );
  });

  it("with two forms that are not one fact, or one form for both", () => {
    const [one, two] = [item(observation(a, 1)), item(observation(a, 2))];
    expect(refusalOf([{ ...one, onchain: two.onchain }, null, null])).toBe("BATCH_REFUSED");
    expect(refusalOf([{ ...one, onchain: one.envelope }, null, null])).toBe("BATCH_REFUSED");
    expect(refusalOf([{ ...one, envelope: one.onchain }, null, null])).toBe("BATCH_REFUSED");
  });

  it("with a member in another's place, of another fabric, or too few or many of them", () => {
    expect(refusalOf([item(observation(b, 1)), null, null])).toBe("BATCH_REFUSED");
    const subject = { ...observation(a, 1).subject, fabric: fabricIdSchema.parse("other") };
    expect(refusalOf([item(observation(a, 1, { subject })), null, null])).toBe("BATCH_REFUSED");
    expect(refusalOf([item(observation(a, 1)), null])).toBe("BATCH_REFUSED");
    expect(refusalOf([item(observation(a, 1)), null, null, null])).toBe("BATCH_REFUSED");
  });

  it("that takes a member back, in this life or in the one before", () => {
    const sign = open();
    const first = request(1, [item(observation(a, 5)), null, null]);
    const signed = sign(first);
    const older = [item(observation(a, 4)), null, null];
    expect(() => sign(request(2, older))).toThrow(code("BATCH_REFUSED"));
    const again = open([{ request: first.sign, signed }]);
    expect(() => again(request(2, older))).toThrow(code("BATCH_REFUSED"));
    expect(
      again(request(2, [item(observation(a, 5)), null, null])).observation.issuedAt,
    ).toBeGreaterThan(signed.observation.issuedAt);
  });

  it("of live and emulated members, of none, or that it does not serve", () => {
    const [source] = observation(b, 1).sources;
    if (!source) throw new Error("a source");
    const emulated = observation(b, 1, { sources: [{ ...source, mode: "EMULATED" }] });
    expect(refusalOf([item(observation(a, 1)), item(emulated), null])).toBe("SOURCE_MODES_MIXED");
    expect(refusalOf([null, null, null])).toBe("BATCH_EMPTY");
    const { sign, ...rest } = request(1, [null, null, null]);
    expect(() => open()({ ...rest, sign: { ...sign, feed: a } })).toThrow(code("FEED_NOT_SERVED"));
  });
});
