import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bytesEqual,
  bytesToHex,
  concatBytes,
  constantTimeEqual,
  hexToBytes,
  isBelow,
  plainBytes,
  writeHex,
} from "./bytes.ts";

const bytes = fc.uint8Array({ maxLength: 80 });
const toNumber = (array: Uint8Array): bigint => BigInt(`0x0${bytesToHex(array)}`);

test("hex text and bytes are inverse, with and without prefix", () => {
  fc.assert(
    fc.property(bytes, (array) => {
      const text = bytesToHex(array);
      expect(text).toBe(Buffer.from(array).toString("hex"));
      expect(hexToBytes(text)).toEqual(array);
      expect(hexToBytes(`0x${text.toUpperCase()}`, array.length)).toEqual(array);
    }),
  );
});

test.each(["f", "0xabc", "zz", "12 4", "0x0x12", "12\n"])("hex refuses %j", (text) => {
  expect(() => hexToBytes(text)).toThrow(expect.objectContaining({ code: "HEX_INVALID" }));
});

test("hex of another length than asked is refused", () => {
  expect(() => hexToBytes("0011", 3)).toThrow(expect.objectContaining({ code: "HEX_INVALID" }));
});

test("hex is written at its offset, and only when it has the right length", () => {
  const target = new Uint8Array(8).subarray(2);
  writeHex("0xA1b2", target, 1, 2);
  expect([...target]).toEqual([0, 0xa1, 0xb2, 0, 0, 0]);
  for (const text of ["a1", "a1b2c3", "zzzz", "a1zz"])
    expect(() => writeHex(text, target, 1, 2)).toThrow(
      expect.objectContaining({ code: "HEX_INVALID" }),
    );
});

test("concatenation keeps order and lengths", () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 5 }), (parts) => {
      expect(concatBytes(...parts)).toEqual(new Uint8Array(Buffer.concat(parts)));
    }),
  );
});

test("both equalities agree with byte-wise comparison", () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const same = Buffer.compare(a, b) === 0;
      expect(bytesEqual(a, b)).toBe(same);
      expect(constantTimeEqual(a, b)).toBe(same);
      expect(bytesEqual(a, a.slice())).toBe(true);
      expect(constantTimeEqual(a, a.slice())).toBe(true);
    }),
  );
});

test("isBelow orders big-endian numbers of one length", () => {
  const word = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(isBelow(a, b)).toBe(toNumber(a) < toNumber(b));
      expect(isBelow(a, a)).toBe(false);
    }),
  );
});

test("plainBytes shares memory but not the Buffer's methods", () => {
  const buffer = Buffer.from([1, 2, 3]);
  const plain = plainBytes(buffer);
  expect(Buffer.isBuffer(plain)).toBe(false);
  buffer[0] = 9;
  expect(plain[0]).toBe(9);
});
