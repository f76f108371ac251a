import { describe, expect, it } from "vitest";
import { createRateLimits, waitOf } from "./rate-limits.ts";

const NOW = Date.parse("2026-11-03T08:00:00Z");

describe("waitOf", () => {
  it.each([
    [200, { "retry-after": "5" }, null],
    [429, { "retry-after": "120" }, 120_000],
    [429, { "retry-after": "Tue, 03 Nov 2026 08:00:30 GMT" }, 30_000],
    [429, { "retry-after": "Tue, 03 Nov 2026 07:00:00 GMT" }, 0],
    [429, { "retry-after": "soon" }, 10_000],
    [429, {}, 10_000],
    [503, { "retry-after": "7" }, 7_000],
    [503, {}, null],
    [429, { "x-hubspot-ratelimit-interval-milliseconds": "10000" }, 10_000],
    [429, { "x-hubspot-ratelimit-daily-remaining": "0" }, 900_000],
    [403, { "sforce-limit-info": "api-usage=15000/15000" }, 900_000],
    [403, { "sforce-limit-info": "api-usage=14999/15000" }, null],
    [403, {}, null],
    [200, { "sforce-limit-info": "api-usage=15000/15000" }, null],
  ] as const)("status %i with %j waits %s", (status, headers, wait) => {
    expect(waitOf(status, headers, NOW)).toBe(wait);
  });
});

describe("createRateLimits", () => {
  it("holds one host until its time, and no other", () => {
    let now = NOW;
    const limits = createRateLimits(() => now);
    expect(() => limits.learn("a.example.com", 429, { "retry-after": "60" })).toThrow(
      expect.objectContaining({
        code: "HTTP_RATE_LIMITED",
        arguments: { host: "a.example.com", retryAfterMs: 60_000 },
      }),
    );
    now += 59_999;
    expect(() => limits.refuseIfHeld("a.example.com")).toThrow(
      expect.objectContaining({ arguments: { host: "a.example.com", retryAfterMs: 1 } }),
    );
    expect(() => limits.refuseIfHeld("b.example.com")).not.toThrow();
    now += 1;
    expect(() => limits.refuseIfHeld("a.example.com")).not.toThrow();
  });

  it("believes no wait of more than a day", () => {
    const limits = createRateLimits(() => NOW);
    expect(() => limits.learn("a.example.com", 429, { "retry-after": "999999999" })).toThrow(
      expect.objectContaining({ arguments: { host: "a.example.com", retryAfterMs: 86_400_000 } }),
    );
  });

  it("lets an ordinary answer pass", () => {
    expect(() => createRateLimits(() => NOW).learn("a.example.com", 500, {})).not.toThrow();
  });
});
