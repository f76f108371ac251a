import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reportNotRun } from "../../test/support/not-run.ts";
import { createManualClock } from "../core/manual-clock.ts";
import { createPriceSeries, createPriceWalk, priceText, readPriceSeries } from "./price-process.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "series-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const file = async (text: string): Promise<string> => {
  const name = path.join(folder, "series.csv");
  await writeFile(name, text);
  return name;
};

const walkOf = async (seed: string, steps: number): Promise<readonly bigint[]> => {
  const clock = createManualClock(1_000);
  const walk = createPriceWalk({ clock, seed, startPrice: "4228", maxStepPpm: 50 });
  const prices = [walk.now()];
  for (let step = 0; step < steps; step += 1) {
    await clock.advance(1_000);
    prices.push(walk.now());
  }
  return prices;
};

describe("createPriceWalk", () => {
  it("is decided by the seed and the clock", async () => {
    const first = await walkOf("demo", 20);
    expect(await walkOf("demo", 20)).toEqual(first);
    expect(await walkOf("other", 20)).not.toEqual(first);
    // The same on every machine, for ever: recorded demonstrations depend on it.
    expect(first.slice(0, 4)).toEqual([
      4_228_000_000n,
      4_228_173_348n,
      4_228_088_785n,
      4_228_300_189n,
    ]);
  });

  it("moves by no more than its largest step, and does not care how often it is read", async () => {
    const prices = await walkOf("demo", 50);
    for (const [at, price] of prices.entries()) {
      const before = prices[at - 1] ?? price;
      const change = price > before ? price - before : before - price;
      expect(change <= (before * 51n) / 1_000_000n).toBe(true);
    }
    const clock = createManualClock(1_000);
    const walk = createPriceWalk({ clock, seed: "demo", startPrice: "4228", maxStepPpm: 50 });
    await clock.advance(50_000);
    expect(walk.now()).toBe(prices.at(-1));
  });

  it("goes on from a price that is set, and refuses what is none", () => {
    const clock = createManualClock(0);
    const walk = createPriceWalk({ clock, seed: "a", startPrice: "1", maxStepPpm: 0 });
    walk.set("4300.125");
    expect(priceText(walk.now(), 3)).toBe("4300.125");
    for (const [text, code] of [
      ["0", "PRICE_REFUSED"],
      ["-5", "PRICE_REFUSED"],
      ["1000000000000", "PRICE_REFUSED"],
      ["abc", "DECIMAL_INVALID"],
    ] as const)
      expect(() => walk.set(text)).toThrow(expect.objectContaining({ code }));
  });
});

describe("a recorded series", () => {
  it("plays one row after the other and stays at the last", async () => {
    const prices = await readPriceSeries(
      await file("Date,Price\n2026-05,4587.000\n2026-06,4228.5\n"),
      null,
    );
    const clock = createManualClock(0);
    const series = createPriceSeries({ clock, prices, stepMs: 100 });
    expect(priceText(series.now(), 2)).toBe("4587.00");
    await clock.advance(100);
    expect(priceText(series.now(), 2)).toBe("4228.50");
    await clock.advance(10_000);
    expect(priceText(series.now(), 2)).toBe("4228.50");
    series.set("5000");
    expect(priceText(series.now(), 0)).toBe("5000");
  });

  it("begins at a date", async () => {
    const name = await file("Date,Price\r\n2026-05,4587\r\n2026-06,4228\r\n");
    expect(await readPriceSeries(name, "2026-06")).toEqual(["4228"]);
  });

  it.each([
    "",
    "Price,Date\n",
    "Date,Price\n2026-05\n",
    "Date,Price\n2026-05,NaN\n",
    "Date,Price\n2026-05,-1\n",
    "Date,Price\n",
  ])("refuses the file %j", async (text) => {
    await expect(readPriceSeries(await file(text), null)).rejects.toMatchObject({
      code: "SERIES_UNREADABLE",
    });
  });

  it("refuses a file that is not there, and a date behind its end", async () => {
    await expect(readPriceSeries(path.join(folder, "none.csv"), null)).rejects.toMatchObject({
      code: "SERIES_UNREADABLE",
    });
    const name = await file("Date,Price\n2026-05,4587\n");
    await expect(readPriceSeries(name, "2027-01")).rejects.toMatchObject({
      code: "SERIES_UNREADABLE",
    });
  });

  const recorded = "../shared/data/gold-prices/monthly.csv";
  if (!existsSync(recorded))
    reportNotRun("recorded gold prices", `${recorded} is not beside the checkout`);
  it.skipIf(!existsSync(recorded))(
    "reads the recorded monthly prices where they lie beside the checkout",
    async () => {
      const prices = await readPriceSeries(recorded, "2026-01");
      expect(prices.at(-1)).toBe("4228.000");
    },
  );
});
