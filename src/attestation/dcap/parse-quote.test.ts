import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../test/support/code-of.ts";
import { WORLD_SVNS, worldEvidence } from "../../../test/support/quote-world.ts";
import { concatBytes } from "../../crypto/bytes.ts";
import { createByteReader } from "./byte-reader.ts";
import { MAX_QUOTE_BYTES, parseQuote } from "./parse-quote.ts";

const v3 = worldEvidence().quote;
const v4 = worldEvidence({ tee: "tdx" }).quote;
const v5 = worldEvidence({ tee: "tdx", version: 5 }).quote;
const refused = (bytes: Uint8Array) => codeOf(() => parseQuote(bytes));
const withBytes = (quote: Uint8Array, at: number, ...bytes: readonly number[]) => {
  const changed = quote.slice();
  changed.set(bytes, at);
  return changed;
};

describe("a quote", () => {
  it("of version 3 is read with its parts", () => {
    const quote = parseQuote(v3);
    expect(quote).toMatchObject({ version: 3, body: { kind: "sgx", isvProdId: 10, isvSvn: 11 } });
    expect(quote.signed).toHaveLength(48 + 384);
    expect(quote.auth.qeReport).toMatchObject({ isvProdId: 1, isvSvn: 4 });
    expect(quote.auth.pckChain.match(/BEGIN/g)).toHaveLength(3);
  });

  it("of a TD is read with its registers", () => {
    const { body, signed } = parseQuote(v4);
    expect(signed).toHaveLength(48 + 584);
    expect(body).toMatchObject({ kind: "tdx", v15: null, mrConfigId: new Uint8Array(48).fill(3) });
    const later = parseQuote(v5);
    expect(later.signed).toHaveLength(48 + 6 + 648);
    expect(later.body).toMatchObject({
      v15: { teeTcbSvn2: WORLD_SVNS.with(1, 1), mrServiceTd: new Uint8Array(48) },
    });
  });

  it("of version 4 and 5 may be of an enclave", () => {
    // The body of version 3, the signature data of version 4.
    const header = v4.slice(0, 48);
    header.set([0, 0, 0, 0], 4);
    const auth = v4.subarray(48 + 584);
    const body = v3.subarray(48, 48 + 384);
    expect(parseQuote(concatBytes(header, body, auth)).body.kind).toBe("sgx");
    header.set([5], 0);
    const descriptor = Uint8Array.of(1, 0, 0x80, 1, 0, 0);
    expect(parseQuote(concatBytes(header, descriptor, body, auth)).body.kind).toBe("sgx");
  });

  it.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array()],
    ["version 2", withBytes(v3, 0, 2)],
    ["version 6", withBytes(v3, 0, 6)],
    ["another kind of key", withBytes(v3, 2, 3)],
    ["a TD in version 3", withBytes(v3, 4, 0x81)],
    ["another TEE", withBytes(v4, 4, 0x82)],
    ["a body type of another TEE", withBytes(v5, 48, 1)],
    ["an unknown body type", withBytes(v5, 48, 4)],
    ["a body of another size", withBytes(v5, 50, 0x48)],
    ["longer signature data than there is", withBytes(v3, 432, 0xff, 0xff, 0xff, 0xff)],
    ["shorter signature data than there is", withBytes(v3, 432, 0, 1, 0, 0)],
    ["a longer chain", withBytes(v3, 432 + 4 + 128 + 448 + 34 + 2, 0xff, 0xff)],
    ["another certification type", withBytes(v4, 632 + 4 + 128, 5)],
    ["another inner certification type", withBytes(v4, 632 + 4 + 128 + 6 + 448 + 34, 3)],
    ["too many bytes", concatBytes(v3, new Uint8Array(MAX_QUOTE_BYTES))],
    ["two of them", concatBytes(v3, v3)],
  ])("is refused as %s", (_, bytes) => {
    expect(refused(bytes)).toBe("QUOTE_MALFORMED");
  });

  it("may be followed by zeros only", () => {
    fc.assert(
      fc.property(fc.nat({ max: 5_000 }), fc.nat(), (length, at) => {
        const padded = concatBytes(v4, new Uint8Array(length));
        expect(refused(padded)).toBe("none");
        if (length > 0)
          expect(refused(padded.with(v4.length + (at % length), 1))).toBe("QUOTE_MALFORMED");
      }),
      { numRuns: 50 },
    );
  });

  it("is read or refused with a code, whatever its bytes", () => {
    const heads = fc.constantFrom(v3, v4, v5).map((quote) => quote.subarray(0, 64));
    fc.assert(
      fc.property(heads, fc.uint8Array({ maxLength: 3_000 }), (head, rest) => {
        expect(["none", "QUOTE_MALFORMED"]).toContain(refused(concatBytes(head, rest)));
      }),
    );
  });
});

describe("the reader of bytes", () => {
  it("reads little-endian numbers and no byte twice or too many", () => {
    const reader = createByteReader(Uint8Array.of(1, 2, 0xff, 0xff, 0xff, 0xff, 7));
    expect([reader.u16(), reader.u32()]).toEqual([0x0201, 0xffff_ffff]);
    expect(codeOf(() => reader.bytes(2))).toBe("QUOTE_MALFORMED");
    expect(codeOf(() => reader.finish("it"))).toBe("QUOTE_MALFORMED");
    expect([...reader.rest()]).toEqual([7]);
    reader.finish("it");
  });
});
