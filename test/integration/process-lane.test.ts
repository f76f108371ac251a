import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CryptletPackage, LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { detectWall } from "../../enclave-sim/wall/detect-wall.ts";
import { createRunId } from "../../src/core/ids.ts";
import type { ManifestInput } from "../../src/sdk/manifest.ts";
import {
  draft,
  type EnclaveFixture,
  FEED,
  probePackage,
  startEnclave,
  trigger,
} from "../support/guest-fixture.ts";
import { processesWith } from "../support/processes-with.ts";
import { reportNotRun } from "../support/not-run.ts";

// Programs in the whole enclave: journal, receipt, signature and replay are those of every lane.

let fixture: EnclaveFixture;
let ready = false;
beforeAll(async () => {
  fixture = await startEnclave();
  const wall = await detectWall();
  ready = wall.available && existsSync("/usr/bin/python3");
  if (!ready) reportNotRun("programs in the enclave", "there is no wall or no Debian python3");
});
afterAll(() => fixture.stop());

const PYTHON: Partial<ManifestInput> = { lane: "process", language: "python", main: "src/main.py" };

/** A program whose body may call `ask` and must call `end`. */
const program = (body: string, change: Partial<ManifestInput> = {}): CryptletPackage =>
  probePackage(
    `import json, sys
def say(frame):
    sys.stdout.write(json.dumps(frame) + "\\n")
    sys.stdout.flush()
def ask(call):
    say({"call": call})
    return json.loads(sys.stdin.readline())["answer"]
draft = json.loads(${JSON.stringify(JSON.stringify(draft()))})
def end():
    say({"outcome": {"ok": {"observation": draft}}})
trigger = json.loads(sys.stdin.readline())["trigger"]
${body}`,
    { ...PYTHON, ...change },
  );

const run = (cryptlet: LoadedCryptlet) => cryptlet.run(trigger(), { runId: createRunId() });

test("a run is journaled, signed and replayed as in every lane, and its receipt says what it is", async () => {
  if (!ready) return;
  const cryptlet = await fixture.load(
    program(`draft["observedAt"] = ask({"op": "time.now"})["ok"] // 1000 * 1000
ask({"op": "log", "level": "info", "message": "from a program"})
end()`),
  );
  const report = await run(cryptlet);
  expect(report.receipt).toMatchObject({
    lane: "process",
    wall: "bubblewrap+seccomp",
    determinism: "host-calls-only",
    calls: 2,
    fuel: 2,
  });
  expect(fixture.log.map(({ message }) => message)).toContain("from a program");
  await expect(cryptlet.replay(report.transcript)).resolves.toMatchObject({
    same: true,
    differences: [],
  });
  // A draft without sources is never signed, whatever lane it comes from.
  const request = { runId: report.runId, feed: FEED, round: 1, epoch: 0, previous: null };
  await expect(cryptlet.sign(request)).rejects.toMatchObject({ code: "OBSERVATION_REFUSED" });
});

test("a program that goes by its own clock is found out by a replay", async () => {
  if (!ready) return;
  const cryptlet = await fixture.load(
    program(`import time
draft["market"]["session"] = str(time.monotonic_ns())
end()`),
  );
  const report = await run(cryptlet);
  await expect(cryptlet.replay(report.transcript)).resolves.toMatchObject({ same: false });
});

test("a replay is answered from the transcript, in the order of its calls", async () => {
  if (!ready) return;
  const cryptlet = await fixture.load(
    program(`draft["market"]["session"] = "".join(ask({"op": "random.bytes", "length": 4})["ok"] for _ in range(5))
end()`),
  );
  const report = await run(cryptlet);
  await expect(cryptlet.replay(report.transcript)).resolves.toMatchObject({ same: true });
});

test("what its manifest does not grant is refused to a program too", async () => {
  if (!ready) return;
  const cryptlet = await fixture.load(
    program(
      `answers = [ask(call)["error"]["code"] for call in (
    {"op": "time.now"}, {"op": "random.bytes", "length": 4},
    {"op": "http.all", "requests": [{"id": "a", "method": "GET", "url": "https://a.example/"}]})]
draft["market"]["session"] = ",".join(answers)[:64]
end()`,
      { capabilities: {} },
    ),
  );
  const report = await run(cryptlet);
  expect(report.observation.market.session).toBe(
    Array(3).fill("CAPABILITY_NOT_GRANTED").join(",").slice(0, 64),
  );
});

test("a program that is no program ends its run with its last words, and the next run may be better", async () => {
  if (!ready) return;
  const broken = await fixture.load(probePackage("def (:", PYTHON));
  await expect(run(broken)).rejects.toMatchObject({
    code: "GUEST_CRASHED",
    arguments: { reason: expect.stringContaining("SyntaxError") as string },
  });
  const moody = await fixture.load(
    program(`if trigger["id"] == "bad": raise ValueError("no gold")
end()`),
  );
  await expect(moody.run(trigger({ id: "bad" }), { runId: createRunId() })).rejects.toMatchObject({
    code: "GUEST_CRASHED",
  });
  await expect(run(moody)).resolves.toMatchObject({ observation: draft() });
});

test("runs at the same time are programs of their own", async () => {
  if (!ready) return;
  const cryptlet = await fixture.load(
    program(`draft["market"]["session"] = trigger["id"]
ask({"op": "time.now"})
end()`),
  );
  const ids = ["a", "b", "c", "d", "e", "f"];
  const reports = await Promise.all(
    ids.map((id) => cryptlet.run(trigger({ id }), { runId: createRunId() })),
  );
  expect(reports.map(({ observation }) => observation.market.session)).toEqual(ids);
});

test("the same code is another measurement under another runtime, and the same under the same", async () => {
  if (!ready) return;
  const [first, again, other] = [
    await fixture.load(program("end()")),
    await fixture.load(program("end()")),
    await fixture.load(program("end() ")),
  ];
  expect(again.measurement).toBe(first.measurement);
  expect(other.measurement).not.toBe(first.measurement);
});

test("closing the enclave ends the programs that run", async () => {
  if (!ready) return;
  const own = await startEnclave();
  const mark = `closing-${process.pid}`;
  const cryptlet = await own.load(
    program(`ask({"op": "log", "level": "info", "message": "up"})
import os
os.execv(sys.executable, ["${mark}", "-I", "-S", "-c", "while True: pass"])`),
  );
  const running = run(cryptlet).catch((error: unknown) => error);
  await expect.poll(() => own.log.length).toBe(1);
  await own.enclave.close();
  expect(await running).toHaveProperty("code");
  expect(processesWith(mark)).toEqual([]);
  await own.stop();
});
