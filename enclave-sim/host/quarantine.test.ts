import { expect, test } from "vitest";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { createManualClock } from "../../src/core/manual-clock.ts";
import { createQuarantine, isGuestFault } from "./quarantine.ts";

const BOUNDS = { after: 3, firstMs: 1_000, maxMs: 5_000 };
const start = () => {
  const clock = createManualClock(1_000_000);
  const quarantine = createQuarantine(clock, BOUNDS);
  const isFree = (id = "m"): boolean => {
    try {
      quarantine.check(id, "probe");
      return true;
    } catch {
      return false;
    }
  };
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) quarantine.failed("m");
  };
  return { clock, quarantine, isFree, fail };
};

test("faults in a row keep a Cryptlet away, and it is told until when", () => {
  const { quarantine, isFree, fail } = start();
  fail(2);
  expect(isFree()).toBe(true);
  fail(1);
  expect(() => quarantine.check("m", "probe")).toThrow(
    expect.objectContaining({
      code: "CRYPTLET_QUARANTINED",
      arguments: { cryptlet: "probe", faults: 3, until: "1970-01-01T00:16:41.000Z" },
    }) as Error,
  );
  expect(isFree("another")).toBe(true);
});

test("it comes back by itself, longer away each time, up to a bound", async () => {
  const { clock, isFree, fail } = start();
  fail(3);
  for (const ms of [1_000, 2_000, 4_000, 5_000, 5_000]) {
    await clock.advance(ms - 1);
    expect(isFree()).toBe(false);
    await clock.advance(1);
    expect(isFree()).toBe(true);
    fail(1);
  }
});

test("one success forgives everything", async () => {
  const { clock, quarantine, isFree, fail } = start();
  fail(4);
  await clock.advance(2_000);
  quarantine.succeeded("m");
  fail(2);
  expect(isFree()).toBe(true);
});

test("a guest is blamed for what it does, never for what it waits for", () => {
  const bounds = { guestMs: 10, timeoutMs: 1_000 };
  const deadline = fabricError("RUN_DEADLINE", { limitMs: 1_000 });
  expect(isGuestFault(deadline, bounds)).toBe(false);
  expect(isGuestFault(deadline, { ...bounds, guestMs: 900 })).toBe(true);
  expect(isGuestFault(fabricError("RUN_STACK", {}), bounds)).toBe(true);
  expect(isGuestFault(fabricError("GUEST_CRASHED", { reason: "x" }), bounds)).toBe(true);
  expect(isGuestFault(fabricError("INTERRUPTED", { what: "x" }), bounds)).toBe(false);
  expect(isGuestFault(fabricError("ENCLAVE_CLOSED", {}), bounds)).toBe(false);
  expect(isGuestFault(new Error("a defect of ours"), bounds)).toBe(false);
});
