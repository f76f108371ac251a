import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aggregate } from "./aggregate.ts";
import { Fixed } from "./fixed.ts";
import type { SourceOutcome } from "./read-sources.ts";

const feed = { id: "a", kind: "decimal", decimals: 2, unit: "USD", minSources: 3 };
const market = { status: "open", session: null, nextOpen: null } as const;
const rule = { mads: 5, floorPpm: 5_000, ceilingPpm: 20_000, market };

const outcome = (
  id: string,
  price: string,
  observedAt: number | null = null,
  mode: "LIVE" | "EMULATED" = "LIVE",
): SourceOutcome => ({
  id,
  answer: { reference: 1, mode, receivedAt: 1_000 },
  reading: { price: Fixed.parse(price), observedAt },
  error: null,
});
const failed = (id: string): SourceOutcome => ({
  id,
  answer: null,
  reading: null,
  error: "HTTP_TIMEOUT",
});
const codeOf = (outcomes: readonly SourceOutcome[]): string => {
  try {
    aggregate(feed, outcomes, rule);
    return "ok";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

const at = (times: readonly (number | null)[]) =>
  aggregate(
    feed,
    times.map((time, n) => outcome(String(n), "1", time)),
    rule,
  ).observedAt;

describe("aggregate", () => {
  it("rounds only the result, half to even", () => {
    const draft = aggregate(
      feed,
      [outcome("a", "1.001"), outcome("b", "1.005"), outcome("c", "1.006")],
      rule,
    );
    expect(draft.value).toMatchObject({ text: "1.00" });
    expect(draft.aggregation).toMatchObject({ used: 3, spread: "0.00" });
  });

  it("takes the lower median of the times, of an answer where the source has none", () => {
    expect(at([900, 800, null])).toBe(900);
    expect(at([10, 20, 30, 40])).toBe(20);
    expect(at([0, null, null])).toBe(1_000);
  });

  it("counts only what is usable against the minimum", () => {
    expect(codeOf([outcome("a", "1"), outcome("b", "1"), outcome("c", "1"), failed("d")])).toBe(
      "ok",
    );
    expect(codeOf([outcome("a", "1"), outcome("b", "1"), failed("c"), failed("d")])).toBe(
      "TOO_FEW_SOURCES",
    );
    expect(codeOf([outcome("a", "1"), outcome("b", "1"), outcome("c", "2")])).toBe(
      "TOO_FEW_SOURCES",
    );
    expect(codeOf([])).toBe("TOO_FEW_SOURCES");
  });

  it("refuses mixed modes even when a mixed-in answer was of no use", () => {
    const unusable: SourceOutcome = {
      ...outcome("d", "1", null, "EMULATED"),
      reading: null,
      error: "JSON_INVALID",
    };
    expect(codeOf([outcome("a", "1"), outcome("b", "1"), outcome("c", "1"), unusable])).toBe(
      "SOURCE_MODES_MIXED",
    );
  });

  it("lists every source, used or not, in the order of the code", () => {
    const draft = aggregate(
      feed,
      [failed("x"), outcome("a", "10"), outcome("b", "10"), outcome("c", "10"), outcome("o", "99")],
      rule,
    );
    expect(
      draft.sources.map(({ id, extracted, outlier, error }) => [id, extracted, outlier, error]),
    ).toEqual([
      ["x", null, false, "HTTP_TIMEOUT"],
      ["a", "10", false, null],
      ["b", "10", false, null],
      ["c", "10", false, null],
      ["o", "99", true, null],
    ]);
  });

  it("gives a value between the lowest and highest used source, whatever the order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 400_000, max: 402_000 }), { minLength: 3, maxLength: 9 }),
        (cents) => {
          const outcomes = cents.map((value, n) =>
            outcome(
              String(n),
              `${Math.trunc(value / 100)}.${String(value % 100).padStart(2, "0")}`,
            ),
          );
          const value = aggregate(feed, outcomes, rule).value;
          expect(aggregate(feed, outcomes.toReversed(), rule).value).toEqual(value);
          const text = value.kind === "decimal" ? value.text : "";
          const price = Number(text.replace(".", ""));
          expect(price >= Math.min(...cents) && price <= Math.max(...cents)).toBe(true);
        },
      ),
    );
  });

  it("keeps signs, and says in what is signed which floor held near zero", () => {
    const near = { ...rule, absoluteFloor: "0.50" };
    const values = [outcome("a", "-12.505"), outcome("b", "-12.50"), outcome("c", "-12.49")];
    const draft = aggregate(feed, values, near);
    expect(draft.value).toMatchObject({ text: "-12.50" });
    expect(draft.sources.map(({ extracted }) => extracted)).toEqual(["-12.505", "-12.5", "-12.49"]);
    expect(draft.aggregation).toMatchObject({
      method: "median;mad=5;floor=5000ppm;ceiling=20000ppm;abs=0.50",
      spread: "0.02",
    });
    const zero = [outcome("a", "-0.004"), outcome("b", "0.00"), outcome("c", "0.004")];
    expect(aggregate(feed, zero, near).value).toMatchObject({ text: "0.00" });
    // Without a floor nobody agrees near zero.
    expect(() => aggregate(feed, zero, rule)).toThrow("TOO_FEW_SOURCES");
  });

  it("gives the mirror image for mirrored prices", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -5_000, max: 5_000 }), { minLength: 3, maxLength: 9 }),
        (cents) => {
          const textOf = (sign: number) => (value: number, n: number) =>
            outcome(String(n), new Fixed(BigInt(sign * value) * 10n ** 16n).toText(2));
          const near = { ...rule, absoluteFloor: "100" };
          const valueOf = (sign: number) => {
            const { value } = aggregate(feed, cents.map(textOf(sign)), near);
            return value.kind === "decimal" ? Fixed.parse(value.text).units : null;
          };
          expect(valueOf(-1)).toBe(-(valueOf(1) ?? 0n));
        },
      ),
    );
  });
});
