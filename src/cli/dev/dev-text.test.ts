import { describe, expect, it } from "vitest";

import { createStyle } from "../style.ts";
import type { DevEvent } from "./dev-event.ts";
import { createDevText } from "./dev-text.ts";

const text = createDevText(createStyle(false));
const AT = Date.parse("2026-05-10T13:00:00Z");

describe("createDevText", () => {
  it("says at the start how it is read: address, contract, one curl, one ethers line", () => {
    const said = text({
      type: "ready",
      url: "http://127.0.0.1:8600",
      control: "http://127.0.0.1:5",
      rpc: "http://127.0.0.1:8545",
      chainId: 31_337,
      feeds: [{ id: "de-lu", kind: "decimal", decimals: 2, unit: "EUR per MWh", contract: "0xab" }],
      folder: "/tmp/x",
      simulated: true,
      time: { now: AT, speed: 60, moved: true },
    });
    for (const part of [
      "curl http://127.0.0.1:8600/v1/feeds/de-lu/latest",
      'new ethers.Contract("0xab"',
      "http://127.0.0.1:8545",
      "2026-05-10T13:00:00.000Z, 60x",
      "SIMULATED",
    ])
      expect(said).toContain(part);
  });

  it("shows a price below zero with its sign, its sources and how they were reached", () => {
    const said = text({
      type: "run-finished",
      feed: "de-lu",
      run: "r",
      sources: [
        {
          id: "one",
          mode: "EMULATED",
          value: "-12.3",
          observedAt: null,
          outlier: false,
          error: null,
        },
        { id: "two", mode: "EMULATED", value: "900", observedAt: null, outlier: true, error: null },
        {
          id: "three",
          mode: null,
          value: null,
          observedAt: null,
          outlier: false,
          error: "HTTP_TIMEOUT",
        },
      ],
      value: "-12.30",
      unit: "EUR per MWh",
      spread: "0",
      publish: null,
      durationMs: 12,
    });
    for (const part of [
      "-12.30 EUR per MWh",
      "EMULATED",
      "outlier",
      "HTTP_TIMEOUT",
      "not published",
    ])
      expect(said).toContain(part);
    expect(
      text({
        type: "chain-read",
        feed: "de-lu",
        contract: "0xab",
        round: 3,
        answer: "-1240",
        decimals: 2,
        updatedAt: AT,
        blockTime: AT,
      }),
    ).toContain("-12.40");
  });

  it("has words or silence for every event, and never an object's name", () => {
    const time = { now: AT, speed: 0, moved: true };
    const error = { code: "X", message: "m", hint: "h", stack: ["  at src/main.ts:1:1"] };
    const events: readonly DevEvent[] = [
      { type: "built", cryptlet: "a", version: "1.0.0", bytes: 5, durationMs: 1 },
      { type: "build-failed", error, running: true },
      { type: "reload-failed", error, running: false },
      { type: "sources", mode: "recorded", hosts: [], recording: "/x", reason: "asked for" },
      { type: "chain-started", url: "u", chainId: 1 },
      { type: "chain-missing", reason: "r" },
      { type: "clock", time },
      { type: "changed", files: ["a", "b", "c", "d", "e", "f"] },
      { type: "unchanged", durationMs: 5 },
      { type: "reloading" },
      { type: "reloaded", cryptlet: "a", version: "1", measurement: "sha256:1", durationMs: 3 },
      { type: "run-started", feed: "f", run: "r", trigger: "t", at: AT },
      {
        type: "envelope",
        feed: "f",
        round: 1,
        answer: null,
        value: { kind: "record", fields: { a: 1 } },
        mode: "LIVE",
        simulated: true,
        observedAt: AT,
        validUntil: AT,
        envelope: "sha256:1234567890ab",
        signer: "0x1",
      },
      {
        type: "delivered",
        feed: "f",
        round: 1,
        contract: "c",
        transaction: null,
        blockNumber: null,
      },
      { type: "delivery-failed", feed: "f", round: 1, contract: "c", code: null },
      { type: "log", level: "warn", message: "m", run: null },
      { type: "not-recorded", method: "GET", url: "u" },
      { type: "recorded", file: "f", answers: 2 },
      { type: "record-failed", error },
      { type: "note", message: "n" },
      { type: "stopped" },
    ];
    for (const event of events) expect(text(event)).not.toMatch(/\[object|undefined/);
    expect(text({ type: "build-failed", error, running: true })).toContain("goes on");
    expect(text({ type: "build-failed", error, running: false })).toContain("src/main.ts:1:1");
  });
});
