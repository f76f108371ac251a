import fc from "fast-check";
import { expect, test } from "vitest";
import { revertReason } from "./revert-reason.ts";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const word = (value: number) => value.toString(16).padStart(64, "0");
const error = (length: string, text: string) =>
  bytes(`08c379a0${word(32)}${length}${Buffer.from(text).toString("hex")}`);

test.each([
  ["the text of require", error(word(5), "wrong\0\0\0"), "wrong"],
  ["a panic", bytes(`4e487b71${word(0x11)}`), "panic 0x11"],
  ["nothing", new Uint8Array(0), "a revert without data"],
  ["something of its own", bytes("01020304"), "a revert with 4 bytes of data"],
  ["a length that lies", error("f".repeat(64), "short"), "short"],
  ["a text that is too long", error(word(9_999), "x".repeat(9_999)), "x".repeat(300)],
  ["half an error", bytes("08c379a0"), "a revert with 4 bytes of data"],
])("%s", (_name, data, reason) => {
  expect(revertReason(data)).toBe(reason);
});

test("any bytes have a reason of bounded length", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("", "08c379a0", "4e487b71"),
      fc.uint8Array({ maxLength: 400 }),
      (selector, body) => {
        const data = Buffer.concat([Buffer.from(selector, "hex"), body]);
        expect(revertReason(data).length).toBeLessThanOrEqual(300);
      },
    ),
  );
});
