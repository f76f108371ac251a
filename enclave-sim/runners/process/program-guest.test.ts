import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ProgramFixture, startPrograms } from "../../../test/support/program-fixture.ts";
import { createProgramGuest } from "./program-guest.ts";
import { fabricError } from "../../../src/core/errors/fabric-error.ts";

let programs: ProgramFixture | null;
beforeAll(async () => {
  programs = await startPrograms("programs behind the wall");
});
afterAll(async () => programs?.house.close());

test("asks, is answered, and ends with its outcome; its fuel is the count of its calls", async () => {
  if (!programs) return;
  const asked: string[] = [];
  const ended = await programs.run(
    `said = [call({"op": "log", "b": 1, "a": 2})["ok"], call({"op": "time.now"})["ok"]]
end({"ok": said})`,
    { answer: async (request) => `{"ok":${asked.push(request)}}` },
  );
  expect(ended).toEqual({ text: `{"ok":[1,2]}`, fuel: 2 });
  // Canonical: in what order a map was walked through is no difference.
  expect(asked).toEqual([`{"a":2,"b":1,"op":"log"}`, `{"op":"time.now"}`]);
});

test("begins anew with each run", async () => {
  if (!programs) return;
  const guest = programs.house.start();
  const source = `import builtins
left = getattr(builtins, "left", None)
builtins.left = 1
end({"ok": [left, os.getpid() < 100]})`;
  for (const _ of [1, 2])
    expect(await programs.run(source, { guest })).toMatchObject({ text: `{"ok":[null,true]}` });
  expect(guest.alive).toBe(true);
});

test("takes text of any language in both directions", async () => {
  if (!programs) return;
  const ended = await programs.run(`end({"ok": call({"op": "log", "message": "ü😀"})})`, {
    answer: async (request) => request,
  });
  expect(JSON.parse(ended.text ?? "")).toEqual({ ok: { op: "log", message: "ü😀" } });
});

describe("a run fails with GUEST_PROTOCOL for", () => {
  test.each([
    ["a line that is no JSON", `say("hello")`],
    ["a line that is no UTF-8", `os.write(1, b"\\xff\\n")`],
    ["a list", `say("[]")`],
    ["an empty line", `say("")`],
    ["another frame", `say('{"result": 1}')`],
    ["two frames in one", `say('{"call": {}, "outcome": {}}')`],
    ["half a surrogate pair", `say('{"outcome": "\\\\ud800"}')`],
    ["nesting that no stack holds", `say('{"call": ' + "[" * 400000 + "]" * 400000 + "}")`],
    ["a second outcome", `end(1); end(2)`],
    ["a call after the outcome", `end(1); say('{"call": {"op": "time.now"}}')`],
    ["half a line after the outcome", `os.write(1, b'{"outcome": 1}\\nx')`],
    ["two calls at once", `os.write(1, b'{"call": {}}\\n{"call": {}}\\n'); sys.stdin.read()`],
    ["a host call that is too large", `say(json.dumps({"call": "x" * 1100000})); sys.stdin.read()`],
    [
      "100 MB without an end",
      `for _ in range(100): os.write(1, b"x" * 1000000)
sys.stdin.read()`,
    ],
  ])("%s", async (_name, source) => {
    if (!programs) return;
    expect(await programs.run(source)).toMatchObject({ code: "GUEST_PROTOCOL" });
  });
});

describe("a run fails with GUEST_CRASHED for a program that ends", () => {
  test.each([
    ["before its outcome", `pass`, "it ended with 0"],
    ["in half a line", `os.write(1, b'{"outcome": 1')`, "it ended with 0"],
    ["with an exception", `raise ValueError("no \\u001b[31mgold")`, "ValueError: no  [31mgold"],
    ["with a status after its outcome", `end(1); sys.exit(3)`, "it ended with 3"],
    ["by a signal", `os.kill(os.getpid(), 11)`, "it ended with 139"],
  ])("%s", async (_name, source, reason) => {
    if (!programs) return;
    expect(await programs.run(source)).toMatchObject({
      code: "GUEST_CRASHED",
      reason: expect.stringContaining(reason) as string,
    });
  });
});

test("an outcome that is too large is told so", async () => {
  if (!programs) return;
  expect(await programs.run(`end("x" * 20000)`)).toMatchObject({ code: "GUEST_ANSWER_TOO_LARGE" });
});

test("a program that says nothing is ended at its deadline, and one that is not wanted any more at once", async () => {
  if (!programs) return;
  expect(await programs.run(`sys.stdin.read()`, { timeoutMs: 300 })).toMatchObject({
    code: "RUN_DEADLINE",
  });
  const controller = new AbortController();
  const asked = programs.run(`call({"op": "time.now"}); sys.stdin.read()`, {
    signal: controller.signal,
    answer: async () => {
      controller.abort();
      return `{"ok":1}`;
    },
  });
  expect(await asked).toMatchObject({ code: "INTERRUPTED" });
});

test("a program that stays after its outcome has done its work, and is ended", async () => {
  if (!programs) return;
  const source = `end({"ok": 1})
import time
time.sleep(600)`;
  expect(await programs.run(source)).toEqual({ text: `{"ok":1}`, fuel: 0 });
});

test("what the enclave's desk throws ends the run with it", async () => {
  if (!programs) return;
  const ended = await programs.run(`call({"op": "time.now"}); end(1)`, {
    answer: () => Promise.reject(fabricError("HOST_CALL_LIMIT", { limit: 1 })),
  });
  expect(ended).toMatchObject({ code: "HOST_CALL_LIMIT" });
});

test("no code, no wall: refused before anything is started", async () => {
  const refused = fabricError("WALL_UNAVAILABLE", { reason: "none" });
  const signal = new AbortController().signal;
  const code = {
    lane: "process" as const,
    code: new Uint8Array(0),
    cryptlet: "probe",
    limits: { memoryBytes: 1, maxFuel: 1, outcomeCharacters: 1 },
  };
  const start = () => {
    throw refused;
  };
  const without = createProgramGuest({ start, check: () => Promise.reject(refused) });
  await expect(without.build(code, { timeoutMs: 1_000, signal })).rejects.toBe(refused);
  const guest = createProgramGuest({ start, check: async () => undefined });
  await expect(guest.build(code, { timeoutMs: 1_000, signal })).rejects.toMatchObject({
    code: "CRYPTLET_INIT_FAILED",
  });
  const program = {
    id: "x",
    snapshot: { lane: "process" as const, code: code.code },
    limits: code.limits,
  };
  const run = { triggerText: "{}", seed: "", at: 0 };
  const answer = async () => "";
  await expect(guest.run(program, run, { timeoutMs: 1_000, signal, answer })).rejects.toMatchObject(
    {
      code: "WALL_UNAVAILABLE",
    },
  );
  await guest.close();
  await expect(guest.run(program, run, { timeoutMs: 1_000, signal, answer })).rejects.toMatchObject(
    {
      code: "GUEST_CRASHED",
    },
  );
});
