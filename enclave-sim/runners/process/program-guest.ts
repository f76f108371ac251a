import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import { fromWire, toWire } from "../../../src/core/errors/wire.ts";
import { guestWork, type LineListener } from "../../host/converse.ts";
import type { Guest } from "../../host/guest.ts";
import type { GuestProgram } from "../../protocol/guest-messages.ts";
import type { WallProcess } from "../../wall/wall-process.ts";
import { leadProgram, type ProgramRun } from "./program-run.ts";

export interface ProgramGuestParts {
  /** Starts a program inside the wall. Throws `WALL_UNAVAILABLE`, `LANE_ENGINE_MISSING`. */
  readonly start: (program: GuestProgram) => WallProcess;
  /** Rejects with the same where programs cannot be run. */
  readonly check: () => Promise<void>;
}

/**
 * A guest whose runs are programs of their own inside the wall: each begins with a fresh start and ends with SIGKILL to
 * all that is left of it. Its fuel is the count of its host calls: how long it computed is nothing that another machine
 * would find again. `build` throws `WALL_UNAVAILABLE`, `LANE_ENGINE_MISSING`, `CRYPTLET_INIT_FAILED`; `run` also
 * `GUEST_PROTOCOL`.
 */
export const createProgramGuest = (parts: ProgramGuestParts): Guest => {
  let listener: LineListener | undefined;
  let current: ProgramRun | undefined;
  let alive = true;
  const stop = async (): Promise<void> => {
    const run = current;
    current = undefined;
    await run?.stop();
    // Told when it is gone, not when it is asked to go: nothing outlives its run.
    if (run) listener?.lost("it was stopped");
  };
  const work = guestWork({
    isAlive: () => alive,
    send: (message) => {
      if (message.kind !== "run") return;
      const { program, run } = message;
      const { outcomeCharacters } = program.limits;
      const { triggerText } = run;
      let wall: WallProcess;
      try {
        wall = parts.start(program);
      } catch (error) {
        const { code, arguments: values } = toWire(error);
        listener?.heard({ kind: "failed", error: { code, arguments: values }, fuel: 0 });
        return;
      }
      current = leadProgram(wall, { triggerText, outcomeCharacters }, (heard) => {
        if (heard.kind !== "call") current = undefined;
        listener?.heard(heard);
      });
    },
    answer: (text) => current?.answer(text),
    // A program is not asked: there is nothing in it that listens.
    cancel: () => void stop(),
    reset: () => undefined,
    terminate: () => void stop(),
    graceMs: 0,
    listen: (next) => {
      listener = next;
    },
    toError: fromWire,
  });
  return {
    wall: "bubblewrap+seccomp",
    get alive() {
      return alive;
    },
    build: async ({ code, cryptlet }) => {
      await parts.check();
      if (code.length === 0)
        throw fabricError("CRYPTLET_INIT_FAILED", { cryptlet, reason: "there is no code" });
      return { lane: "process", code };
    },
    run: work.run,
    close: async () => {
      alive = false;
      await stop();
    },
  };
};
