import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../test/support/code-of.ts";
import { der, integer, oid, sequence } from "../../../test/support/der-writer.ts";
import { hexToBytes } from "../../crypto/bytes.ts";
import { checkDer, MAX_DER_DEPTH, openDer } from "./check-der.ts";
import { createDerReader, DER } from "./der-reader.ts";
import { oidText, readSmallInteger, readTime, unsignedHex } from "./der-values.ts";

const LIMIT = 65_536;
const check = (bytes: Uint8Array) => codeOf(() => checkDer(bytes, "it", LIMIT));

/** Any DER value, of bounded depth. */
const value = fc.letrec<{ any: Buffer }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.nat().map(integer),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => der(DER.octetString, bytes)),
    fc.constant(der(DER.null)),
    fc.boolean().map((flag) => der(DER.boolean, Buffer.of(flag ? 0xff : 0))),
    fc.array(tie("any"), { maxLength: 4 }).map((parts) => sequence(...parts)),
    fc.array(tie("any"), { maxLength: 4 }).map((parts) => der(0xa1, ...parts)),
  ),
})).any;

describe("the check of DER", () => {
  it("accepts what is written by the rules", () => {
    fc.assert(
      fc.property(value, (bytes) => {
        expect(check(bytes)).toBe("none");
      }),
    );
  });

  it("accepts no value with anything behind it, and none cut off", () => {
    fc.assert(
      fc.property(value, fc.uint8Array({ minLength: 1, maxLength: 8 }), (bytes, more) => {
        expect(check(Buffer.concat([bytes, more]))).toBe("DER_INVALID");
        expect(check(bytes.subarray(0, -1))).toBe("DER_INVALID");
      }),
    );
  });

  it("answers any bytes with DER_INVALID at worst", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(["none", "DER_INVALID"]).toContain(check(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["nothing", ""],
    ["half a header", "30"],
    ["an indefinite length", "30800201010000"],
    ["a length in the long form below 128", "308103020101"],
    ["a length with a leading zero", "30820003020101"],
    ["a length of four bytes", "308400000003020101"],
    ["a length of 127 bytes", "30ff"],
    ["a value behind its container", "3003020201"],
    ["an integer without content", "0200"],
    ["a padded integer", "0202007f"],
    ["a padded negative integer", "0202ff80"],
    ["a boolean that is neither", "010101"],
    ["a boolean of two bytes", "0102ffff"],
    ["a null with content", "050100"],
    ["eight unused bits", "030208ff"],
    ["unused bits that are set", "030201ff"],
    ["unused bits of nothing", "030101"],
    ["a bit string without count", "0300"],
    ["an empty object identifier", "0600"],
    ["a padded object identifier", "06028001"],
    ["an object identifier that does not end", "060188"],
    ["a tag above 30", "1f1f00"],
    ["the tag of the end", "0000"],
    ["a primitive sequence", "1000"],
    ["a constructed string", "2400"],
  ])("refuses %s", (_, hex) => {
    expect(check(hexToBytes(hex))).toBe("DER_INVALID");
  });

  it("refuses nesting before it costs anything", () => {
    const nest = (depth: number) => {
      let bytes: Uint8Array = der(DER.null);
      for (let i = 0; i < depth; i++) bytes = sequence(bytes);
      return bytes;
    };
    expect(check(nest(MAX_DER_DEPTH))).toBe("none");
    expect(check(nest(MAX_DER_DEPTH + 1))).toBe("DER_INVALID");
    // 20 kB of opened containers, each longer than what is left, and the same with lengths that fit.
    expect(check(Buffer.alloc(20_480, 0x30))).toBe("DER_INVALID");
    expect(check(nest(5_000))).toBe("DER_INVALID");
  });

  it("refuses more than its caller reads", () => {
    expect(codeOf(() => checkDer(new Uint8Array(33), "it", 32))).toBe("DER_INVALID");
  });
});

describe("the reader", () => {
  it("gives the parts of a container in their order and refuses more or less", () => {
    const fields = openDer(sequence(integer(5), oid("1.2.840.113741.1.13.1")), "it", LIMIT);
    expect(readSmallInteger(fields, "it")).toBe(5);
    expect(codeOf(() => fields.finish())).toBe("DER_INVALID");
    expect(codeOf(() => fields.read(DER.integer))).toBe("DER_INVALID");
    expect(oidText(fields.read(DER.oid))).toBe("1.2.840.113741.1.13.1");
    fields.finish();
    expect(fields.done()).toBe(true);
    expect(codeOf(() => fields.any())).toBe("DER_INVALID");
  });

  it("reads back every object identifier", () => {
    const arcs = fc.tuple(fc.constantFrom(0, 1), fc.nat({ max: 39 }));
    fc.assert(
      fc.property(arcs, fc.array(fc.nat(), { maxLength: 8 }), ([a, b], rest) => {
        const text = [a, b, ...rest].join(".");
        expect(oidText(createDerReader(oid(text), "it").read(DER.oid))).toBe(text);
      }),
    );
    const huge = Buffer.from([0x2a, ...Array<number>(9).fill(0xff), 0x7f]);
    expect(codeOf(() => oidText(huge))).toBe("DER_INVALID");
  });

  it("reads no negative and no huge number", () => {
    const read = (hex: string) => readSmallInteger(createDerReader(hexToBytes(hex), "it"), "it");
    expect(codeOf(() => read("0201ff"))).toBe("DER_INVALID");
    expect(codeOf(() => read("020701000000000000"))).toBe("DER_INVALID");
    expect(codeOf(() => unsignedHex(Uint8Array.of(0x80), "it"))).toBe("DER_INVALID");
    expect(unsignedHex(Uint8Array.of(0, 0x80), "it")).toBe("80");
  });
});

describe("times", () => {
  const read = (tag: number, text: string) =>
    readTime(createDerReader(der(tag, Buffer.from(text)), "it"), "it");

  it("has two forms, one for each half of the calendar", () => {
    expect(read(DER.utcTime, "260115000000Z")).toBe(Date.UTC(2026, 0, 15));
    expect(read(DER.utcTime, "500101000000Z")).toBe(Date.UTC(1950, 0, 1));
    expect(read(DER.generalizedTime, "20500101000000Z")).toBe(Date.UTC(2050, 0, 1));
  });

  it.each([
    [DER.utcTime, "2601150000Z"],
    [DER.utcTime, "260115000000+0100"],
    [DER.utcTime, "260230000000Z"],
    [DER.utcTime, "261315000000Z"],
    [DER.utcTime, "260115240000Z"],
    [DER.utcTime, "260115000060Z"],
    [DER.utcTime, "26011500000xZ"],
    [DER.generalizedTime, "20260115000000Z"],
    [DER.generalizedTime, "20500101000000.5Z"],
    [DER.generalizedTime, "20500101000000"],
    [DER.octetString, "260115000000Z"],
    [DER.utcTime, ""],
  ])("refuses %i %s", (tag, text) => {
    expect(codeOf(() => read(tag, text))).toBe("DER_INVALID");
  });
});
