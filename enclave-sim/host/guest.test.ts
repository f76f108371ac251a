import { afterEach, expect, test } from "vitest";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { handling } from "../../test/support/guest-fixture.ts";
import { compileEngine, readEngineBytes } from "../runners/js/engine-module.ts";
import { type Guest, type RunBounds, startGuest } from "./guest.ts";

const limits = { memoryBytes: 16_777_216, maxFuel: 100_000, outcomeCharacters: 1_000 };
const never = new AbortController().signal;
const started: Guest[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((guest) => guest.close()));
});

const start = async (body: string): Promise<Guest> => {
  const guest = startGuest(await compileEngine(readEngineBytes(), limits.memoryBytes), limits);
  started.push(guest);
  const bounds = { timeoutMs: 5_000, signal: never };
  guest.use(await guest.build(handling(body), "probe", bounds));
  return guest;
};
const run = (guest: Guest, bounds: Partial<RunBounds> = {}) =>
  guest.run(
    { triggerText: "{}", seed: "00".repeat(32), at: 0 },
    { timeoutMs: 5_000, signal: never, answer: async (text) => text, ...bounds },
  );

test("host calls are answered in order while the guest sleeps", async () => {
  const guest = await start(`return [1, 2, 3].map((n) => __hostCall("q" + n)).join()`);
  const asked: string[] = [];
  const answer = async (text: string) => {
    asked.push(text);
    await Promise.resolve();
    return text.replace("q", "a");
  };
  await expect(run(guest, { answer })).resolves.toMatchObject({ text: "a1,a2,a3" });
  expect(asked).toEqual(["q1", "q2", "q3"]);
});

test("an answer that never comes ends with the deadline, and the thread goes on", async () => {
  const guest = await start(`return __hostCall("q")`);
  const aborted: unknown[] = [];
  const answer = (_text: string, signal: AbortSignal) =>
    new Promise<string>(() => {
      signal.addEventListener("abort", () => aborted.push(signal.reason));
    });
  await expect(run(guest, { timeoutMs: 50, answer })).rejects.toMatchObject({
    code: "RUN_DEADLINE",
  });
  expect(aborted).toMatchObject([{ code: "RUN_DEADLINE" }]);
  await expect(run(guest)).resolves.toMatchObject({ text: "q" });
  expect(guest.alive).toBe(true);
});

test("a guest that catches the refusal of a call while it is stopped gets no further", async () => {
  const guest = await start(`for (;;) { try { __hostCall("q") } catch {} }`);
  const answer = () => new Promise<string>(() => {});
  await expect(run(guest, { timeoutMs: 30, answer })).rejects.toMatchObject({
    code: "RUN_DEADLINE",
  });
});

test("a refusal to answer at all ends the run with that refusal", async () => {
  const guest = await start(`try { return __hostCall("q") } catch { return "caught" }`);
  const answer = () => Promise.reject(fabricError("HOST_CALL_LIMIT", { limit: 1 }));
  await expect(run(guest, { answer })).rejects.toMatchObject({ code: "HOST_CALL_LIMIT" });
  await expect(run(guest)).resolves.toMatchObject({ text: "q" });
});

test("an aborted run ends, before it began or while it is under way", async () => {
  const guest = await start(`return __hostCall("q")`);
  const controller = new AbortController();
  const answer = async () => {
    controller.abort();
    return new Promise<string>(() => {});
  };
  await expect(run(guest, { answer, signal: controller.signal })).rejects.toMatchObject({
    code: "INTERRUPTED",
  });
  await expect(run(guest, { signal: controller.signal })).rejects.toMatchObject({
    code: "INTERRUPTED",
  });
  await expect(run(guest)).resolves.toMatchObject({ text: "q" });
});

test("a thread that had to be ended is gone, and says so", async () => {
  const guest = await start(`return new Array(4e8).join("")`);
  await expect(run(guest, { timeoutMs: 50 })).rejects.toMatchObject({ code: "RUN_DEADLINE" });
  expect(guest.alive).toBe(false);
  await expect(run(guest)).rejects.toMatchObject({ code: "GUEST_CRASHED" });
  await guest.close();
});

test("a run without a snapshot, and on a closed guest, is refused", async () => {
  const guest = startGuest(await compileEngine(readEngineBytes(), limits.memoryBytes), limits);
  await expect(run(guest)).rejects.toHaveProperty("code");
  await guest.close();
  await guest.close();
  expect(guest.alive).toBe(false);
  await expect(run(guest)).rejects.toMatchObject({ code: "GUEST_CRASHED" });
});

test("a snapshot that is no snapshot costs the run and not the enclave", async () => {
  const guest = startGuest(await compileEngine(readEngineBytes(), limits.memoryBytes), limits);
  started.push(guest);
  guest.use({
    memory: new Uint8Array(1_376_256).fill(0xff),
    stackPointer: 0,
    runtimePointer: 8,
    contextPointer: 16,
    beginToken: 24,
  });
  await expect(run(guest)).rejects.toHaveProperty("code");
});
