import { afterEach, expect, test } from "vitest";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { fromWire } from "../../src/core/errors/wire.ts";
import { handling } from "../../test/support/guest-fixture.ts";
import type { GuestProgram } from "../protocol/guest-messages.ts";
import type { Guest, GuestAnswer, RunBounds } from "./guest.ts";
import { startThreadGuest } from "./thread-guest.ts";

const limits = { memoryBytes: 16_777_216, maxFuel: 100_000, outcomeCharacters: 1_000 };
const never = new AbortController().signal;
const started: Guest[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((guest) => guest.close()));
});

interface Started {
  readonly guest: Guest;
  readonly program: GuestProgram;
}
const begin = (): Guest => {
  const guest = startThreadGuest(fromWire);
  started.push(guest);
  return guest;
};
const build = async (guest: Guest, body: string): Promise<GuestProgram> => {
  const code = Buffer.from(handling(body));
  const bounds = { timeoutMs: 5_000, signal: never };
  const snapshot = await guest.build({ lane: "js", code, cryptlet: "probe", limits }, bounds);
  return { id: body, snapshot, limits };
};
const start = async (body: string): Promise<Started> => {
  const guest = begin();
  return { guest, program: await build(guest, body) };
};
const run = ({ guest, program }: Started, bounds: Partial<RunBounds> = {}): Promise<GuestAnswer> =>
  guest.run(
    program,
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
  expect(guest.guest.alive).toBe(true);
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
  expect(guest.guest.alive).toBe(false);
  await expect(run(guest)).rejects.toMatchObject({ code: "GUEST_CRASHED" });
  await guest.guest.close();
});

test("one guest runs the programs of its publisher in turn, prepared or not, and none sees another", async () => {
  const guest = begin();
  const count = `globalThis.n = (globalThis.n ?? 0) + 1; return "NAME" + globalThis.n`;
  const [first, second] = [
    await build(guest, count.replace("NAME", "a")),
    await build(guest, count.replace("NAME", "b")),
  ];
  const texts: string[] = [];
  for (const again of [true, false])
    for (const program of [first, first, second, first])
      texts.push((await run({ guest, program }, { again })).text);
  expect(texts).toEqual(["a1", "a1", "b1", "a1", "a1", "a1", "b1", "a1"]);
});

test("limits belong to the run, not to the thread", async () => {
  const { guest, program } = await start(
    `let n = 0; for (let i = 0; i < 1e6; i++) n += i; return "x"`,
  );
  await expect(run({ guest, program })).resolves.toMatchObject({ text: "x" });
  const poor = { ...program, limits: { ...limits, maxFuel: 3 } };
  await expect(run({ guest, program: poor })).rejects.toMatchObject({ code: "RUN_FUEL" });
  await expect(run({ guest, program })).resolves.toMatchObject({ text: "x" });
});

test("a lane without an engine is refused, and a run on a closed guest", async () => {
  const guest = begin();
  const code = { lane: "process", code: new Uint8Array(), cryptlet: "probe", limits } as const;
  await expect(guest.build(code, { timeoutMs: 5_000, signal: never })).rejects.toHaveProperty(
    "code",
  );
  await guest.close();
  await guest.close();
  expect(guest.alive).toBe(false);
  const program = { id: "x", snapshot: { lane: "evm", code: new Uint8Array() }, limits } as const;
  await expect(run({ guest, program })).rejects.toMatchObject({ code: "GUEST_CRASHED" });
});

test("a snapshot that is no snapshot costs the run and not the enclave", async () => {
  const guest = begin();
  const snapshot = {
    lane: "js",
    memory: new Uint8Array(1_376_256).fill(0xff),
    stackPointer: 0,
    runtimePointer: 8,
    contextPointer: 16,
    beginToken: 24,
  } as const;
  await expect(run({ guest, program: { id: "bad", snapshot, limits } })).rejects.toHaveProperty(
    "code",
  );
});
