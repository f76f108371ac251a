import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GuestHouse } from "../../enclave-sim/host/guest-house.ts";
import { nodeCommand } from "../../enclave-sim/wall/engine-command.ts";
import { startWallProcess } from "../../enclave-sim/wall/start-wall-process.ts";
import { encodeFrame, FRAME } from "../../enclave-sim/wall/wall-frames.ts";
import { createWallGuestHouse } from "../../enclave-sim/wall/wall-guest-house.ts";
import type { WallProcess } from "../../enclave-sim/wall/wall-process.ts";
import { createRunId } from "../../src/core/ids.ts";
import {
  answering,
  draft,
  type EnclaveFixture,
  handling,
  probePackage,
  startEnclave,
  trigger,
} from "../support/guest-fixture.ts";
import { haveWall } from "../support/wall.ts";
import { WALLED } from "../support/walled.ts";

// The process behind the wall as an enemy: what it says, what it does not say, and what is left of it.

const here = await haveWall("hostile processes behind the wall");
const limits = { memoryBytes: 16_777_216, maxFuel: 1_000, outcomeCharacters: 1_000 };
const never = new AbortController().signal;

/** A house whose process runs this script instead of the guests' code. */
const hostileHouse = (script: string): { house: GuestHouse; process: () => WallProcess } => {
  let started: WallProcess | undefined;
  const house = createWallGuestHouse(WALLED, () => {
    started = startWallProcess(nodeCommand(["-e", script], WALLED));
    return started;
  });
  return {
    house,
    process: () => {
      if (!started) throw new Error("not started");
      return started;
    },
  };
};
/** JavaScript that sends a frame; its payload is an expression. */
const sends = (kind: number, guest: number, run: number, payload = `""`): string => `{
  const payload = Buffer.from(${payload});
  const header = Buffer.alloc(13);
  header.writeUInt32LE(payload.length, 0); header.writeUInt8(${kind}, 4);
  header.writeUInt32LE(${guest}, 5); header.writeUInt32LE(${run}, 9);
  process.stdout.write(Buffer.concat([header, payload]));
}`;
const packed = (json: string, rest = ""): string =>
  `(() => { const j = Buffer.from(${JSON.stringify(json)}); const l = Buffer.alloc(4); l.writeUInt32LE(j.length); return Buffer.concat([l, j, Buffer.from(${JSON.stringify(rest)})]); })()`;
const DONE = packed(`{"fuel":1}`, "x");
/** Waits for the request, then acts, then stays. */
const onRequest = (action: string): string =>
  `let asked = false; process.stdin.on("data", () => { if (asked) return; asked = true; ${action} }); setInterval(() => {}, 1e6);`;
const snapshot = {
  lane: "js",
  memory: new Uint8Array(8),
  stackPointer: 0,
  runtimePointer: 0,
  contextPointer: 0,
  beginToken: 0,
} as const;
const program = { id: "p", snapshot, limits };
const request = { triggerText: "{}", seed: "00".repeat(32), at: 0 };
/** A run whose host calls are never answered. */
const runIn = (house: GuestHouse, timeoutMs = 20_000) => {
  const answer = () => new Promise<string>(() => {});
  return house.start().run(program, request, { timeoutMs, signal: never, answer });
};

describe.runIf(here)(
  "a word that may not come ends the process, and costs the enclave nothing",
  () => {
    test.each<[string, string]>([
      ["noise", `process.stdout.write(require("crypto").randomBytes(4096));`],
      ["a frame of an unknown kind", onRequest(sends(200, 1, 1))],
      ["a frame of the enclave's own kinds", onRequest(sends(FRAME.RUN, 1, 1))],
      [
        "a frame that claims four gigabytes",
        onRequest(`process.stdout.write(Buffer.from("ffffffff420100000001000000", "hex"));`),
      ],
      ["an outcome that is too large", onRequest(sends(FRAME.DONE, 1, 1, `"x".repeat(200_000)`))],
      ["a snapshot that nobody asked for", onRequest(sends(FRAME.BUILT, 1, 1, packed("{}")))],
      ["an answer to a run that is not there", onRequest(sends(FRAME.DONE, 1, 7, DONE))],
      ["an outcome without its header", onRequest(sends(FRAME.DONE, 1, 1, `"x"`))],
      [
        "an outcome whose header lies about its length",
        onRequest(sends(FRAME.DONE, 1, 1, `[255, 255, 255, 255, 0]`)),
      ],
      [
        "an outcome that is not UTF-8",
        onRequest(
          sends(FRAME.DONE, 1, 1, `Buffer.concat([${packed(`{"fuel":1}`)}, Buffer.from([0xff])])`),
        ),
      ],
      [
        "an outcome with more in its header",
        onRequest(sends(FRAME.DONE, 1, 1, packed(`{"fuel":1,"wall":"none"}`, "x"))),
      ],
      ["negative fuel", onRequest(sends(FRAME.DONE, 1, 1, packed(`{"fuel":-1}`, "x")))],
      [
        "an error in the name of the host",
        onRequest(
          sends(
            FRAME.FAILED,
            1,
            1,
            packed(`{"fuel":0,"error":{"code":"ROUND_EQUIVOCATION","arguments":{}}}`),
          ),
        ),
      ],
      [
        "an error with a polluting key",
        onRequest(
          sends(
            FRAME.FAILED,
            1,
            1,
            packed(`{"fuel":0,"error":{"code":"RUN_FUEL","arguments":{}},"__proto__":{"x":1}}`),
          ),
        ),
      ],
      [
        "two calls at once",
        onRequest(sends(FRAME.CALL, 1, 1, `"a"`) + sends(FRAME.CALL, 1, 1, `"b"`)),
      ],
      ["a greeting with something in it", onRequest(sends(FRAME.READY, 0, 0, `"hello"`))],
      [
        "a long word of a guest that is not there",
        onRequest(sends(FRAME.CALL, 99, 1, `"x".repeat(400_000)`)),
      ],
    ])("%s", async (_name, script) => {
      const { house, process } = hostileHouse(script);
      await expect(runIn(house)).rejects.toMatchObject({ code: "GUEST_CRASHED" });
      expect(house.alive).toBe(false);
      await process().exited;
      await house.close();
    });

    test("an answer before the question", async () => {
      const { house, process } = hostileHouse(
        sends(FRAME.START, 1, 1) + sends(FRAME.DONE, 1, 1, DONE),
      );
      const guest = house.start();
      await process().exited;
      expect([house.alive, guest.alive]).toEqual([false, false]);
    });

    test("a second outcome, and the outcome of a guest that did not run", async () => {
      for (const twice of [sends(FRAME.DONE, 1, 1, DONE), sends(FRAME.DONE, 2, 0, DONE)]) {
        const { house, process } = hostileHouse(onRequest(sends(FRAME.DONE, 1, 1, DONE) + twice));
        const [first, second] = [house.start(), house.start()];
        const bounds = { timeoutMs: 20_000, signal: never, answer: async (text: string) => text };
        // Depending on how the bytes arrive, the first outcome was heard or not; the process ends in both cases.
        await Promise.allSettled([first.run(program, request, bounds)]);
        await process().exited;
        expect([house.alive, first.alive, second.alive]).toEqual([false, false, false]);
      }
    });
  },
);

describe.runIf(here)("silence", () => {
  test.each<[string, string]>([
    ["never answers", `setInterval(() => {}, 1e6);`],
    ["is inside a native loop", `for (;;);`],
    ["does not read", `process.stdin.pause(); setInterval(() => {}, 1e6);`],
    ["stops itself", `try { process.kill(process.pid, "SIGSTOP"); } catch {} for (;;);`],
    [
      "ignores what it is told",
      `process.on("SIGTERM", () => {}); process.stdin.on("end", () => {}); for (;;);`,
    ],
  ])("a process that %s is killed when its run is over time", async (_name, script) => {
    const { house, process } = hostileHouse(script);
    await expect(runIn(house, 100)).rejects.toMatchObject({ code: "RUN_DEADLINE" });
    await expect(process().exited).resolves.toMatchObject({
      code: expect.toSatisfy(isNotZero) as null,
    });
    expect(house.alive).toBe(false);
  });

  test("a process that floods is read no faster than it is asked", async () => {
    const { house, process } = hostileHouse(
      onRequest(`for (;;) ${sends(FRAME.CALL, 1, 1, `"x".repeat(65536)`)}`),
    );
    await expect(runIn(house)).rejects.toMatchObject({ code: "GUEST_CRASHED" });
    await process().exited;
  });
});
const isNotZero = (code: unknown): boolean => code !== 0;

/** Processes of this machine whose command line has this text. */
const processesWith = (text: string): readonly string[] =>
  readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(text);
    } catch {
      return false;
    }
  });

test.runIf(here)("kill -9 of the host leaves nothing of what it had started", async () => {
  const owner = spawn(
    process.execPath,
    [fileURLToPath(new URL("../support/wall-owner.mjs", import.meta.url))],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [said] = (await once(owner.stdout, "data")) as [Buffer];
  const pid = said.toString().trim();
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  const marked = processesWith(`process.stdout.write("up"); for (;;);`);
  expect(marked.length).toBeGreaterThan(1);
  owner.kill("SIGKILL");
  await expect
    .poll(() => marked.filter((name) => isRunning(name)), { timeout: 20_000 })
    .toEqual([]);
});

/** False for a process that is gone, or that is dead and only waits to be collected. */
const isRunning = (pid: string): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

describe.runIf(here)("third parties' Cryptlets in an enclave", () => {
  let walled: EnclaveFixture;
  let open: EnclaveFixture;
  beforeAll(async () => {
    [walled, open] = [await startEnclave({ wall: "required" }), await startEnclave()];
  });
  afterAll(async () => {
    await walled.stop();
    await open.stop();
  });
  const run = async (fixture: EnclaveFixture, code: string) => {
    const cryptlet = await fixture.load(probePackage(code));
    return { cryptlet, report: await cryptlet.run(trigger(), { runId: createRunId() }) };
  };

  test("run behind the wall, say so, and give the same receipt otherwise", async () => {
    const inside = await run(walled, answering());
    const outside = await run(open, answering());
    expect(inside.report.observation).toEqual(draft());
    expect([inside.cryptlet.wall, outside.cryptlet.wall]).toEqual(["bubblewrap+seccomp", "none"]);
    const { wall, journalHead: _head, ...receipt } = inside.report.receipt;
    expect(wall).toBe("bubblewrap+seccomp");
    expect(outside.report.receipt).toMatchObject({ ...receipt, wall: "none" });
    const { wall: _wall, ...same } = outside.report.receipt;
    expect(new Set(Object.keys(same))).toEqual(new Set([...Object.keys(receipt), "journalHead"]));
  });

  test("never share a process with another publisher's", async () => {
    const before = (await walled.enclave.stats()).walls;
    const first = await run(walled, `${answering()} // one`);
    const second = await run(walled, `${answering()} // two`);
    expect((await walled.enclave.stats()).walls).toBe(before + 2);
    await first.cryptlet.close();
    await second.cryptlet.close();
    expect((await walled.enclave.stats()).walls).toBe(before);
  });

  test("that only crash are kept away, and the others go on", async () => {
    const { cryptlet: honest } = await run(walled, `${answering()} // honest`);
    const bad = await walled.load(probePackage(handling(`const f = () => f() + 1; return f()`)));
    const codes: unknown[] = [];
    for (let i = 0; i < 7; i++)
      codes.push(
        await bad
          .run(trigger(), { runId: createRunId() })
          .catch((error: { code: string; arguments: object }) => error.code),
      );
    expect(codes.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => "RUN_STACK"));
    expect(codes.slice(5)).toEqual(["CRYPTLET_QUARANTINED", "CRYPTLET_QUARANTINED"]);
    await expect(bad.run(trigger(), { runId: createRunId() })).rejects.toMatchObject({
      arguments: {
        cryptlet: "probe",
        faults: "5",
        until: expect.stringMatching(/^20\d\d-.*Z$/) as string,
      },
    });
    await expect(honest.run(trigger(), { runId: createRunId() })).resolves.toBeDefined();
  });
});

test("what the enclave itself writes are frames that its reader takes", () => {
  const parts = encodeFrame({ kind: FRAME.CALL, guest: 1, run: 2 }, Buffer.from("x"));
  expect(Buffer.concat(parts).toString("hex")).toBe("0100000043010000000200000078");
});
