import { crc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { SourceFile } from "./source-files.ts";
import { writeZip } from "./write-zip.ts";

/** Reads an archive the way that Java and Python do: from the directory at its end. */
const readZip = (bytes: Uint8Array): SourceFile[] => {
  const zip = Buffer.from(bytes);
  const end = zip.length - 22;
  expect(zip.readUInt32LE(end)).toBe(0x06054b50);
  let at = zip.readUInt32LE(end + 16);
  expect(at + zip.readUInt32LE(end + 12)).toBe(end);
  return Array.from({ length: zip.readUInt16LE(end + 10) }, () => {
    expect(zip.readUInt32LE(at)).toBe(0x02014b50);
    const [size, nameLength] = [zip.readUInt32LE(at + 24), zip.readUInt16LE(at + 28)];
    const name = zip.subarray(at + 46, at + 46 + nameLength).toString("utf8");
    const local = zip.readUInt32LE(at + 42);
    expect(zip.readUInt32LE(local)).toBe(0x04034b50);
    expect(zip.subarray(local + 6, local + 30)).toEqual(zip.subarray(at + 8, at + 32));
    const from = local + 30 + zip.readUInt16LE(local + 26);
    const content = zip.subarray(from, from + size);
    expect(crc32(content)).toBe(zip.readUInt32LE(at + 16));
    at += 46 + nameLength;
    return { name, bytes: Uint8Array.from(content) };
  });
};

test("an archive gives back what went in, in order", () => {
  const files = fc.array(
    fc.record({ name: fc.string({ unit: "grapheme", minLength: 1 }), bytes: fc.uint8Array() }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(files, (given) => {
      expect(readZip(writeZip(given))).toEqual(given);
    }),
  );
});

test("the same files are the same bytes, with no time in them", () => {
  const files = [{ name: "a", bytes: Uint8Array.of(1) }];
  expect(Buffer.from(writeZip(files)).toString("hex")).toBe(
    Buffer.from(writeZip(files)).toString("hex"),
  );
  // Time 00:00:00, date 1980-01-01.
  expect([...writeZip(files).subarray(10, 14)]).toEqual([0, 0, 0x21, 0]);
});
