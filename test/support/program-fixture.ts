import { toWire } from "../../src/core/errors/wire.ts";
import type { Guest } from "../../enclave-sim/host/guest.ts";
import type { GuestHouse } from "../../enclave-sim/host/guest-house.ts";
import { createProgramFiles } from "../../enclave-sim/runners/process/program-files.ts";
import { createProgramGuest } from "../../enclave-sim/runners/process/program-guest.ts";
import {
  createProgramHouse,
  programCommand,
} from "../../enclave-sim/runners/process/program-house.ts";
import { programRuntime } from "../../enclave-sim/runners/process/program-runtimes.ts";
import { startWallProcess } from "../../enclave-sim/wall/start-wall-process.ts";
import type { WallMount } from "../../enclave-sim/wall/wall-process.ts";
import { detectWall } from "../../enclave-sim/wall/detect-wall.ts";
import { reportNotRun } from "./not-run.ts";

/** What a program is given and what became of it. */
export interface ProgramEnd {
  /** Outcome as it came out; undefined where the run failed. */
  readonly text?: string;
  readonly fuel?: number;
  /** Code and reason of what failed. */
  readonly code?: string;
  readonly reason?: string;
}

/** Python programs behind the real wall. */
export interface ProgramFixture {
  readonly house: GuestHouse;
  /** A guest whose programs see more than they should: for attacks that need a tool. */
  startWith(mounts: readonly WallMount[]): Guest;
  /** Runs the source of a program once; `answer` is the enclave's. */
  run(
    source: string,
    options?: {
      readonly timeoutMs?: number;
      readonly memoryBytes?: number;
      readonly guest?: Guest;
      readonly signal?: AbortSignal;
      readonly answer?: (request: string, signal: AbortSignal) => Promise<string>;
    },
  ): Promise<ProgramEnd>;
}

/** Null where there is no wall or no Python: the suite is then named as not run. */
export const startPrograms = async (suite: string): Promise<ProgramFixture | null> => {
  const wall = await detectWall();
  const missing = wall.available ? findPython() : `there is no wall: ${wall.reason}`;
  if (missing !== null) {
    reportNotRun(suite, missing);
    return null;
  }
  const house = createProgramHouse("python");
  let number = 0;
  const files = createProgramFiles();
  return {
    house,
    startWith: (mounts) =>
      createProgramGuest({
        start: (program) => {
          const command = programCommand("python", program, files);
          return startWallProcess({ ...command, mounts: [...command.mounts, ...mounts] });
        },
        check: async () => undefined,
      }),
    run: async (source, options = {}) => {
      number += 1;
      const guest = options.guest ?? house.start();
      const { memoryBytes = 33_554_432 } = options;
      const program = {
        id: `program-${number}`,
        snapshot: { lane: "process" as const, code: new TextEncoder().encode(PREAMBLE + source) },
        limits: { memoryBytes, maxFuel: 100_000, outcomeCharacters: 10_000 },
      };
      const run = { triggerText: `{"id":"t"}`, seed: "00".repeat(32), at: 0 };
      const { timeoutMs = 10_000, signal = new AbortController().signal } = options;
      const answer = options.answer ?? (async () => `{"ok":null}`);
      try {
        return await guest.run(program, run, { timeoutMs, signal, answer });
      } catch (error) {
        const { code, arguments: values } = toWire(error);
        return { code, reason: values["reason"] ?? "" };
      }
    },
  };
};

/** The line protocol without the author library, so that a program can break it. */
const PREAMBLE = `import json, os, sys
def say(text):
    os.write(1, text.encode() + b"\\n")
def call(request):
    say(json.dumps({"call": request}))
    return json.loads(sys.stdin.readline())["answer"]
def end(outcome):
    say(json.dumps({"outcome": outcome}))
trigger = json.loads(sys.stdin.readline())["trigger"]
`;

const findPython = (): string | null => {
  try {
    programRuntime("python");
    return null;
  } catch {
    return "Debian's python3 is missing";
  }
};
