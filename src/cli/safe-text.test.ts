import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { toSafeText } from "./safe-text.ts";
import { createStyle } from "./style.ts";

describe("toSafeText", () => {
  it("keeps line feeds, tabs and the colours of this program", () => {
    const style = createStyle(true);
    const text = `a\n\tb ${style.good("ok")} ${style.bold("x")} ${style.dim("y")}`;
    expect(toSafeText(text)).toBe(text);
  });

  it.each(["\u001B[2J", "\u001B]0;title\u0007", "\u001B[8m", "\r", "\b", "\u009B31m", "\u202E"])(
    "takes the control out of %j",
    (text) => {
      expect(toSafeText(text)).not.toMatch(/\p{Cc}|\u202E/u);
    },
  );

  it("leaves no control behind, whatever comes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const safe = toSafeText(text).replaceAll(/\p{Cc}\[(?:1|2|22|3[1236]|39)m/gu, "");
        expect(safe).not.toMatch(/(?![\n\t])\p{Cc}/u);
        expect(toSafeText(toSafeText(text))).toBe(toSafeText(text));
      }),
    );
  });
});
