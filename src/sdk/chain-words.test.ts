import { AbiCoder } from "ethers/abi";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readWords } from "./chain-words.ts";

const coder = AbiCoder.defaultAbiCoder();
const of = (types: string[], values: unknown[]) =>
  readWords({ kind: "call", ok: true, data: coder.encode(types, values) });
const codeOf = (act: () => unknown): string => {
  try {
    act();
    return "none";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("readWords", () => {
  it("reads what ethers encodes, for every integer", () => {
    const edge = 2n ** 255n;
    fc.assert(
      fc.property(
        fc.bigInt({ min: -edge, max: edge - 1n }),
        fc.bigInt({ min: 0n, max: 2n * edge - 1n }),
        fc.boolean(),
        (signed, unsigned, flag) => {
          const words = of(["int256", "uint256", "bool"], [signed, unsigned, flag]);
          expect(words.int(0)).toBe(signed);
          expect(words.uint(1)).toBe(unsigned);
          expect(words.boolean(2)).toBe(flag);
        },
      ),
    );
  });

  it("reads addresses, narrow integers and times", () => {
    const address = `0x${"c0".repeat(20)}`;
    const words = of(["address", "int8", "uint32"], [address, -1, 1_790_000_000]);
    expect(words.address(0)).toBe(address);
    expect(words.int(1)).toBe(-1n);
    expect(words.time(2)).toBe(1_790_000_000_000);
  });

  it("refuses what is no value of the type, a revert, and too little", () => {
    const large = of(["uint256"], [2n ** 200n]);
    for (const act of [
      () => large.boolean(0),
      () => large.address(0),
      () => large.time(0),
      () => large.uint(1),
      () => readWords({ kind: "call", ok: false, data: `0x${"00".repeat(32)}` }).uint(0),
      () => readWords({ kind: "call", ok: true, data: "0x" }).uint(0),
      () => readWords({ kind: "call", ok: true, data: `0x${"zz".repeat(32)}` }).uint(0),
      () => readWords({ kind: "logs", logs: [] }).uint(0),
      () => readWords(undefined).uint(0),
    ])
      expect(codeOf(act)).toBe("SOURCE_SHAPE");
  });
});
