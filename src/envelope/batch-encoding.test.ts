import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { feedHashSchema, feedIdSchema, type Digest } from "../core/ids.ts";
import {
  decodePackedWords,
  decodeStoredItems,
  encodePackedWords,
  encodeStoredItems,
  packedWordsOf,
  storedItemsOf,
} from "./batch-encoding.ts";
import type { BatchMember } from "./batch-members.ts";

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const signed = (bits: bigint) =>
  fc.bigInt({ min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n });

const member = (
  place: number,
  given: {
    readonly value: bigint;
    readonly observedAt?: number;
    readonly validUntil?: number;
  } | null,
  listed = true,
): BatchMember => {
  const feedHash = feedHashSchema.parse(`0x${place.toString(16).padStart(64, "0")}`);
  const observation = given && {
    feedHash,
    round: 7,
    observedAt: 1_000,
    validUntil: 2_000,
    statementDigest: `sha256:${"00".repeat(32)}` as Digest,
    ...given,
  };
  return { feed: feedIdSchema.parse(`f${place}`), feedHash, listed, observation };
};

describe("stored items", () => {
  it("are read as they were written", () => {
    const item = fc
      .record({
        place: fc.nat({ max: 255 }),
        round: uint32,
        a: uint32,
        b: uint32,
        value: signed(80n),
      })
      .map(({ a, b, ...rest }) => ({
        ...rest,
        observedAt: Math.min(a, b),
        validUntil: Math.max(a, b),
      }));
    fc.assert(
      fc.property(fc.array(item, { maxLength: 20 }), (items) => {
        expect(decodeStoredItems(encodeStoredItems(items))).toEqual(items);
      }),
    );
  });

  it("are those that are listed and fit a slot", () => {
    const members = [
      member(0, { value: 1n }),
      member(1, { value: 2n }, false),
      member(2, null, false),
      member(3, { value: 2n ** 79n }),
      member(4, { value: -(2n ** 79n) }),
      member(5, { value: 1n, observedAt: 3_000 }),
      member(6, { value: 1n, validUntil: 2 ** 32 }),
    ];
    expect(storedItemsOf(members).map(({ place }) => place)).toEqual([0, 4]);
  });

  it("refuse a length that is no multiple of one item's", () => {
    for (const length of [1, 22, 24])
      expect(() => decodeStoredItems(new Uint8Array(length))).toThrow(
        expect.objectContaining({ code: "STATEMENT_MALFORMED" }),
      );
  });
});

describe("packed words", () => {
  it("are read as they were written", () => {
    const lane = fc.option(
      signed(56n).filter((value) => value !== -(2n ** 55n)),
      { nil: null },
    );
    const word = fc.record({
      group: fc.nat({ max: 63 }),
      observedAt: uint32,
      values: fc.tuple(lane, lane, lane, lane),
    });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), (words) => {
        expect(decodePackedWords(encodePackedWords(words))).toEqual(words);
      }),
    );
  });

  it("are whole groups with a listed member, and no younger than their oldest value", () => {
    const members = [
      member(0, { value: 1n, observedAt: 1_500 }, false),
      member(1, { value: 2n, observedAt: 1_200 }),
      member(2, null, false),
      // Too large for a lane, and so not what the time is of.
      member(3, { value: 2n ** 55n, observedAt: 100 }),
      member(4, { value: 9n }, false),
    ];
    expect(packedWordsOf(members)).toEqual([
      { group: 0, observedAt: 1_200, values: [1n, 2n, null, null] },
    ]);
    const tail = packedWordsOf([...members.slice(0, 4), member(4, { value: 9n })]);
    expect(tail.at(-1)).toEqual({ group: 1, observedAt: 1_000, values: [9n] });
    expect(decodePackedWords(encodePackedWords(tail)).at(-1)?.values).toEqual([
      9n,
      null,
      null,
      null,
    ]);
  });

  it("leave a group out in which nothing fits", () => {
    expect(packedWordsOf([member(0, { value: -(2n ** 55n) })])).toEqual([]);
    for (const length of [1, 32, 34])
      expect(() => decodePackedWords(new Uint8Array(length))).toThrow(
        expect.objectContaining({ code: "STATEMENT_MALFORMED" }),
      );
  });
});
