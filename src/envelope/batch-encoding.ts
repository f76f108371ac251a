import { fabricError } from "../core/errors/fabric-error.ts";
import type { BatchMember } from "./batch-members.ts";

/** One listed value as the stored form writes it. */
export interface StoredItem {
  /** Of the member in its batch. */
  readonly place: number;
  readonly round: number;
  /** Seconds since epoch. */
  readonly observedAt: number;
  readonly validUntil: number;
  /** Fits 80 bits with sign. */
  readonly value: bigint;
}

/** Four values in one slot. */
export interface PackedWord {
  /** Places `4 * group` to `4 * group + 3`. */
  readonly group: number;
  /** Seconds since epoch: of the oldest observation among them, so that none is younger than it says. */
  readonly observedAt: number;
  /** Null: no observation, or one that does not fit 56 bits with sign. */
  readonly values: readonly (bigint | null)[];
}

/** Bytes of one item: place 1 | round 4 | observedAt 4 | validUntil - observedAt 4 | value 10. */
export const STORED_ITEM_LENGTH = 23;
/** Bytes of one word: group 1 | the slot 32, which is time 4 | four values of 7. */
export const PACKED_WORD_LENGTH = 33;
export const PACKED_LANES = 4;

const UINT32_MAX = 0xffff_ffff;
const INT80_LIMIT = 2n ** 79n;
const INT56_LIMIT = 2n ** 55n;
/** The one value of 56 bits that stands for none. */
const NO_VALUE = -INT56_LIMIT;

const refuse = (reason: string): never => {
  throw fabricError("STATEMENT_MALFORMED", { reason });
};

const isTime = (seconds: number): boolean => seconds <= UINT32_MAX;

const fitsStored = ({
  observedAt,
  validUntil,
  value,
}: Pick<StoredItem, "observedAt" | "validUntil" | "value">): boolean =>
  value < INT80_LIMIT && value >= -INT80_LIMIT && isTime(validUntil) && observedAt <= validUntil;

/** Listed members that a slot can hold. What does not fit stands under the root alone. */
export const storedItemsOf = (members: readonly BatchMember[]): readonly StoredItem[] =>
  members.flatMap(({ observation, listed }, place) => {
    if (!listed || !observation || !fitsStored(observation)) return [];
    const { round, observedAt, validUntil, value } = observation;
    return [{ place, round, observedAt, validUntil, value }];
  });

/** Every group of four with a listed member, with the newest values of all its members. */
export const packedWordsOf = (members: readonly BatchMember[]): readonly PackedWord[] =>
  Array.from({ length: Math.ceil(members.length / PACKED_LANES) }, (_, group) => group).flatMap(
    (group) => {
      const four = members.slice(PACKED_LANES * group, PACKED_LANES * (group + 1));
      if (!four.some(({ listed }) => listed)) return [];
      const fitting = four.map(({ observation }) =>
        observation &&
        isTime(observation.observedAt) &&
        observation.value < INT56_LIMIT &&
        observation.value > NO_VALUE
          ? observation
          : null,
      );
      const times = fitting.flatMap((observation) => (observation ? [observation.observedAt] : []));
      if (times.length === 0) return [];
      return [
        {
          group,
          observedAt: Math.min(...times),
          values: fitting.map((observation) => observation?.value ?? null),
        },
      ];
    },
  );

/** Big-endian two's complement. */
const putSigned = (bytes: Uint8Array, offset: number, length: number, value: bigint): void => {
  let rest = value;
  for (let at = offset + length - 1; at >= offset; at--) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
};

const takeSigned = (bytes: Uint8Array, offset: number, length: number): bigint => {
  let value = 0n;
  for (let at = offset; at < offset + length; at++) value = (value << 8n) | BigInt(bytes[at] ?? 0);
  return BigInt.asIntN(8 * length, value);
};

/** What the stored form is given, in ascending order of places. */
export const encodeStoredItems = (items: readonly StoredItem[]): Uint8Array => {
  const bytes = new Uint8Array(STORED_ITEM_LENGTH * items.length);
  const view = new DataView(bytes.buffer);
  for (const [index, { place, round, observedAt, validUntil, value }] of items.entries()) {
    const at = STORED_ITEM_LENGTH * index;
    view.setUint8(at, place);
    view.setUint32(at + 1, round);
    view.setUint32(at + 5, observedAt);
    view.setUint32(at + 9, validUntil - observedAt);
    putSigned(bytes, at + 13, 10, value);
  }
  return bytes;
};

/** Inverse of `encodeStoredItems`. Throws `STATEMENT_MALFORMED`. */
export const decodeStoredItems = (bytes: Uint8Array): readonly StoredItem[] => {
  if (bytes.length % STORED_ITEM_LENGTH !== 0) return refuse("stored items of a wrong length");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / STORED_ITEM_LENGTH }, (_, index) => {
    const at = STORED_ITEM_LENGTH * index;
    const observedAt = view.getUint32(at + 5);
    return {
      place: view.getUint8(at),
      round: view.getUint32(at + 1),
      observedAt,
      validUntil: observedAt + view.getUint32(at + 9),
      value: takeSigned(bytes, at + 13, 10),
    };
  });
};

/** What the packed form is given, in ascending order of groups. */
export const encodePackedWords = (words: readonly PackedWord[]): Uint8Array => {
  const bytes = new Uint8Array(PACKED_WORD_LENGTH * words.length);
  const view = new DataView(bytes.buffer);
  for (const [index, { group, observedAt, values }] of words.entries()) {
    const at = PACKED_WORD_LENGTH * index;
    view.setUint8(at, group);
    view.setUint32(at + 1, observedAt);
    for (let lane = 0; lane < PACKED_LANES; lane++)
      putSigned(bytes, at + 5 + 7 * lane, 7, values[lane] ?? NO_VALUE);
  }
  return bytes;
};

/** Inverse of `encodePackedWords`, with four values in each word. Throws `STATEMENT_MALFORMED`. */
export const decodePackedWords = (bytes: Uint8Array): readonly PackedWord[] => {
  if (bytes.length % PACKED_WORD_LENGTH !== 0) return refuse("packed words of a wrong length");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / PACKED_WORD_LENGTH }, (_, index) => {
    const at = PACKED_WORD_LENGTH * index;
    return {
      group: view.getUint8(at),
      observedAt: view.getUint32(at + 1),
      values: Array.from({ length: PACKED_LANES }, (_unused, lane) => {
        const value = takeSigned(bytes, at + 5 + 7 * lane, 7);
        return value === NO_VALUE ? null : value;
      }),
    };
  });
};
