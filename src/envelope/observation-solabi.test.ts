import { AbiCoder } from "ethers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimalObservation } from "../../test/support/observation-arbitrary.ts";
import {
  createObservation,
  createRecordObservation,
} from "../../test/support/observation-fixture.ts";
import { rescale } from "../core/decimal.ts";
import { parseDecimal } from "../core/parse-decimal.ts";
import type { Digest, FeedHash } from "../core/ids.ts";
import {
  SOLABI_LENGTH,
  decodeOnchainObservation,
  encodeOnchainObservation,
  onchainValue,
  toOnchainObservation,
  type OnchainObservation,
} from "./observation-solabi.ts";

const TYPES = ["bytes32", "uint64", "int256", "uint64", "uint64", "bytes32"];
const hex = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));
const seconds = fc.integer({ min: 0, max: 253_402_300_799 });
const tuple: fc.Arbitrary<OnchainObservation> = fc.record({
  feedHash: hex.map((digits) => `0x${digits}` as FeedHash),
  round: fc.integer({ min: 1, max: 0xffff_ffff }),
  value: fc.bigInt({ min: -(2n ** 255n), max: 2n ** 255n - 1n }),
  observedAt: seconds,
  validUntil: seconds,
  statementDigest: hex.map((digits) => `sha256:${digits}` as Digest),
});
const DIGEST = `sha256:${"cd".repeat(32)}` as Digest;
const code = (expected: string) => expect.objectContaining({ code: expected });

test("the tuple is what ethers encodes, and both read it back", () => {
  fc.assert(
    fc.property(tuple, (o) => {
      const bytes = encodeOnchainObservation(o);
      expect(bytes.length).toBe(SOLABI_LENGTH);
      const values = [
        o.feedHash,
        o.round,
        o.value,
        o.observedAt,
        o.validUntil,
        `0x${o.statementDigest.slice(7)}`,
      ];
      expect(`0x${Buffer.from(bytes).toString("hex")}`).toBe(
        AbiCoder.defaultAbiCoder().encode(TYPES, values),
      );
      expect(decodeOnchainObservation(bytes)).toEqual(o);
    }),
  );
});

test.each([2n ** 255n - 1n, -(2n ** 255n), -1n, 0n, 1n, 2n ** 64n, -(2n ** 192n)])(
  "value %s",
  (value) => {
    const o = { ...toOnchainObservation(createObservation(), DIGEST), value };
    expect(decodeOnchainObservation(encodeOnchainObservation(o)).value).toBe(value);
  },
);

test("a statement's tuple holds its value exactly and rounds times down", () => {
  fc.assert(
    fc.property(decimalObservation, (observation) => {
      const o = toOnchainObservation(observation, DIGEST);
      if (observation.value.kind !== "decimal") throw new Error("not decimal");
      const { text, decimals } = observation.value;
      expect(rescale({ value: o.value, decimals }, parseDecimal(text).decimals)).toEqual(
        parseDecimal(text),
      );
      expect(observation.observedAt - o.observedAt * 1_000).toBeGreaterThanOrEqual(0);
      expect(observation.validUntil - o.validUntil * 1_000).toBeLessThan(1_000);
      expect(o.validUntil * 1_000).toBeLessThanOrEqual(observation.validUntil);
      expect(decodeOnchainObservation(encodeOnchainObservation(o))).toEqual(o);
    }),
  );
});

test("2650.10 at 8 decimals", () => {
  expect(toOnchainObservation(createObservation(), DIGEST)).toEqual({
    feedHash: `0x${"ab".repeat(32)}`,
    round: 7,
    value: 265_010_000_000n,
    observedAt: 1_768_492_800,
    validUntil: 1_768_496_400,
    statementDigest: DIGEST,
  });
});

const decimal = (text: string, decimals = 2) => ({
  kind: "decimal" as const,
  text,
  decimals,
  unit: "USD",
});

describe("a value without on-chain form", () => {
  test.each([
    ["more digits than decimals", decimal("1.005")],
    ["2^255", decimal((2n ** 255n).toString(), 0)],
    ["below -2^255", decimal((-(2n ** 255n) - 1n).toString(), 0)],
    ["a record", createRecordObservation().value],
  ])("%s", (_, wrong) => {
    expect(() => onchainValue(wrong)).toThrow(code("VALUE_NOT_ENCODABLE"));
  });

  test("the extremes of int256 have one", () => {
    for (const number of [2n ** 255n - 1n, -(2n ** 255n)])
      expect(onchainValue(decimal(number.toString(), 0))).toBe(number);
  });
});

describe("refuses to read", () => {
  const bytes = encodeOnchainObservation(toOnchainObservation(createObservation(), DIGEST));
  test.each([0, 1, 191, 193, 224])("%i bytes", (length) => {
    expect(() => decodeOnchainObservation(new Uint8Array(length))).toThrow(
      code("STATEMENT_MALFORMED"),
    );
  });

  test("a word with anything above its number", () => {
    for (const word of [32, 96, 128])
      for (let at = word; at < word + 24; at++) {
        const wrong = bytes.slice();
        wrong[at] = 1;
        expect(() => decodeOnchainObservation(wrong)).toThrow(code("STATEMENT_MALFORMED"));
      }
  });

  test("numbers beyond what a statement can say", () => {
    for (const [word, size] of [
      [32, 4],
      [96, 2],
      [128, 2],
    ] as const) {
      const wrong = bytes.slice();
      wrong.fill(0xff, word + 24, word + 24 + size);
      expect(() => decodeOnchainObservation(wrong)).toThrow(code("STATEMENT_MALFORMED"));
    }
  });

  test("a view into a larger buffer reads its own bytes only", () => {
    const larger = new Uint8Array(SOLABI_LENGTH + 20).fill(0xff);
    larger.set(bytes, 10);
    const view = larger.subarray(10, 10 + SOLABI_LENGTH);
    expect(decodeOnchainObservation(view)).toEqual(decodeOnchainObservation(bytes));
  });
});

test.each([
  ["round", 2 ** 32],
  ["round", -1],
  ["round", 1.5],
  ["observedAt", Number.NaN],
  ["validUntil", 2 ** 53],
])("refuses to write %s = %d", (field, value) => {
  const o = { ...toOnchainObservation(createObservation(), DIGEST), [field]: value };
  expect(() => encodeOnchainObservation(o)).toThrow(code("STATEMENT_MALFORMED"));
});

test("refuses to write a value beyond int256 and digests that are none", () => {
  const o = toOnchainObservation(createObservation(), DIGEST);
  expect(() => encodeOnchainObservation({ ...o, value: 2n ** 255n })).toThrow(
    code("STATEMENT_MALFORMED"),
  );
  expect(() => encodeOnchainObservation({ ...o, feedHash: "0x12" as FeedHash })).toThrow(
    code("HEX_INVALID"),
  );
});
