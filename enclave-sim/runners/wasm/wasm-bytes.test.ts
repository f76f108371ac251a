import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ByteReader, ByteWriter } from "./wasm-bytes.ts";

const code = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test("what is written is read again: numbers, names, lists and parts", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4_294_967_295 }),
      fc.integer({ min: -2_147_483_648, max: 4_294_967_295 }),
      fc.string({ unit: "grapheme", maxLength: 50 }),
      fc.uint8Array({ maxLength: 3_000 }),
      (plain, signed, name, bytes) => {
        const content = new ByteWriter().u32(plain).s33(signed).name(name);
        const writer = new ByteWriter().sized(content).u32(bytes.length).raw(bytes);
        const reader = new ByteReader(writer.toBytes());
        const part = reader.part(reader.u32());
        expect(part.u32()).toBe(plain);
        expect(part.s33()).toBe(signed);
        expect(part.name(1_000)).toBe(name);
        part.finish("the part");
        expect(reader.list(() => reader.byte(), 3_000)).toEqual([...bytes]);
        expect(reader.done).toBe(true);
      },
    ),
  );
});

test("signed numbers are those of LEB128 as V8 reads them", () => {
  for (const [value, bytes] of [
    [0, [0]],
    [-1, [0x7f]],
    [63, [0x3f]],
    [64, [0xc0, 0x00]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [-123_456, [0xc0, 0xbb, 0x78]],
    [624_485, [0xe5, 0x8e, 0x26]],
  ] as const) {
    expect([...new ByteWriter().s33(value).view()]).toEqual(bytes);
    expect(new ByteReader(Uint8Array.from(bytes)).s33()).toBe(value);
  }
});

test("padding is read, bits beyond are not", () => {
  const read = (...bytes: number[]) => code(() => new ByteReader(Uint8Array.from(bytes)).u32());
  expect(read(0x83, 0x80, 0x80, 0x80, 0x00)).toBe(3);
  expect(read(0xff, 0xff, 0xff, 0xff, 0x0f)).toBe(4_294_967_295);
  expect(read(0xff, 0xff, 0xff, 0xff, 0x1f)).toBe("WASM_REFUSED");
  expect(read(0x80, 0x80, 0x80, 0x80, 0x80, 0x00)).toBe("WASM_REFUSED");
  expect(read(0x80)).toBe("WASM_REFUSED");
});

test("nothing is read beyond the end, and no list is believed before it was read", () => {
  const reader = () => new ByteReader(Uint8Array.from([0xff, 0xff, 0xff, 0x7f, 1]));
  expect(code(() => reader().part(6))).toBe("WASM_REFUSED");
  expect(code(() => reader().slice(9))).toBe("WASM_REFUSED");
  expect(code(() => reader().name(10))).toBe("WASM_REFUSED");
  expect(code(() => reader().list(() => 0, 100))).toBe("WASM_REFUSED");
  const short = reader();
  expect(code(() => short.list(() => short.byte(), 1_000_000_000))).toBe("WASM_REFUSED");
  expect(code(() => new ByteReader(Uint8Array.from([2, 0xc3, 0x28])).name(9))).toBe("WASM_REFUSED");
  expect(code(() => reader().finish("it"))).toBe("WASM_REFUSED");
});
