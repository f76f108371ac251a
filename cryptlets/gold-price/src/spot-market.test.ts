import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spotMarketAt } from "./spot-market.ts";

const at = (text: string) => spotMarketAt(Date.parse(text));

describe("spotMarketAt", () => {
  it("is closed from Friday 21:00 to Sunday 22:00 UTC", () => {
    expect(at("2026-07-03T20:59:59.999Z").status).toBe("open");
    expect(at("2026-07-03T21:00:00Z").status).toBe("closed");
    expect(at("2026-07-04T12:00:00Z").status).toBe("closed");
    expect(at("2026-07-05T21:59:59.999Z").status).toBe("closed");
    expect(at("2026-07-05T22:00:00Z").status).toBe("open");
    expect(at("2026-07-08T03:00:00Z").status).toBe("open");
  });

  it("names the next opening while closed", () => {
    const sunday = Date.parse("2026-07-05T22:00:00Z");
    expect(at("2026-07-03T21:00:00Z").nextOpen).toBe(sunday);
    expect(at("2026-07-05T21:00:00Z").nextOpen).toBe(sunday);
  });

  it("opens at the moment that it named, and not before", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (time) => {
        const { status, nextOpen } = spotMarketAt(time);
        if (status === "open") {
          expect(nextOpen).toBeNull();
          return;
        }
        expect(nextOpen !== null && nextOpen > time).toBe(true);
        expect(spotMarketAt(nextOpen ?? 0).status).toBe("open");
        expect(spotMarketAt((nextOpen ?? 0) - 1).status).toBe("closed");
      }),
    );
  });

  it("keeps its session text within what a statement holds", () => {
    for (const day of [1, 4])
      expect(at(`2026-07-0${day}T00:00:00Z`).session?.length).toBeLessThanOrEqual(64);
  });
});
