import { describe, expect, it } from "vitest";

import { createStyle } from "../style.ts";
import type { DemoEvent } from "./demo-event.ts";
import { createDemoText } from "./demo-text.ts";

const source = (id: string, changes: object = {}) => ({
  id,
  mode: "EMULATED" as const,
  value: "4228.10",
  observedAt: 1_768_492_800_000,
  outlier: false,
  error: null,
  ...changes,
});

const run: Extract<DemoEvent, { type: "run-finished" }> = {
  type: "run-finished",
  sources: [
    source("kraken"),
    source("coinbase", { value: "5000.00", outlier: true }),
    source("bitfinex", { value: null, observedAt: null, mode: null, error: "HTTP_TIMED_OUT" }),
  ],
  value: "4228.10",
  unit: "USD",
  spread: "0.00",
  publish: "first",
  durationMs: 42,
};

const refusal = (code: string): DemoEvent => ({
  type: "refused",
  refusal: { what: "unknown signer", where: "on chain", code },
});

describe("createDemoText", () => {
  it("puts the mode beside each value, and says which source failed or was left out, and why", () => {
    const text = createDemoText(createStyle(false))(run);
    expect(text).toMatch(/kraken +EMULATED +4228\.10 +2026-01-15T16:00:00\.000Z/);
    expect(text).toMatch(/coinbase +EMULATED +5000\.00 .*left out/);
    expect(text).toMatch(/bitfinex +- +failed: HTTP_TIMED_OUT/);
    expect(text).toContain("Median of 1: 4228.10 USD");
  });

  it("says that nothing is published when too few answered", () => {
    const text = createDemoText(createStyle(false))({ ...run, value: null, publish: null });
    expect(text).toContain("nothing is published");
  });

  it("shows a price with its point, its mode and SIMULATED", () => {
    const text = createDemoText(createStyle(false))({
      type: "round-signed",
      round: 2,
      signedAnswer: "-5",
      decimals: 8,
      unit: "USD",
      mode: "LIVE",
      simulated: true,
      envelope: "sha256:ab",
      signer: "0x12",
      outboxMessageId: "m",
    });
    expect(text).toContain("round 2: -0.00000005 USD  [LIVE, SIMULATED enclave]");
  });

  it("numbers its sections and heads the attacks once", () => {
    const tell = createDemoText(createStyle(false));
    expect(tell(run)).toContain("1. First round");
    expect(tell(run)).toContain("2. Next round");
    expect(tell(refusal("UnknownSigner"))).toContain("3. Cheating");
    const again = tell(refusal("UnknownSigner"));
    expect(again).not.toContain("Cheating");
    expect(again).toMatch(/refused +on chain .*UnknownSigner/);
  });

  it("never claims that the enclave protects anything", () => {
    const text = createDemoText(createStyle(false))({
      type: "finished",
      timings: { chain: 12, total: 1_234 },
      rounds: 2,
      refusals: 6,
    });
    expect(text).toContain("SIMULATED");
    expect(text).toMatch(/total +1\.2 s/);
  });

  it("has no colours where none are wanted", () => {
    const text = createDemoText(createStyle(false))(run);
    expect(text).not.toContain("\u001B");
  });
});
