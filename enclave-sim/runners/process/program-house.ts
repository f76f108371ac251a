import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import type { GuestHouse } from "../../host/guest-house.ts";
import type { GuestProgram } from "../../protocol/guest-messages.ts";
import { detectWall, type WallState } from "../../wall/detect-wall.ts";
import { startWallProcess } from "../../wall/start-wall-process.ts";
import type { WallCommand } from "../../wall/wall-process.ts";
import { createProgramFiles, type ProgramFiles } from "./program-files.ts";
import { createProgramGuest } from "./program-guest.ts";
import {
  CODE_EXTENSIONS,
  CODE_INSIDE,
  programRuntime,
  type ProgramLanguage,
} from "./program-runtimes.ts";

/** Open files of each process of a program. */
const FILES = 64;

let checked: Promise<WallState> | undefined;
/** A program never runs without the wall, whatever the configuration says of other lanes. Throws `WALL_UNAVAILABLE`. */
const checkWall = async (): Promise<void> => {
  checked ??= detectWall();
  const state = await checked;
  if (state.available) return;
  // A machine may get its wall while the host runs.
  checked = undefined;
  throw fabricError("WALL_UNAVAILABLE", { reason: state.reason });
};

/** What is started for one run of a program. Throws `LANE_ENGINE_MISSING`. */
export const programCommand = (
  language: ProgramLanguage,
  program: GuestProgram,
  files: ProgramFiles,
): WallCommand => {
  if (program.snapshot.lane !== "process")
    throw fabricError("LANE_UNAVAILABLE", { lane: program.snapshot.lane });
  const runtime = programRuntime(language);
  const extension = CODE_EXTENSIONS[language];
  const file = files.fileOf(program.id, program.snapshot.code, extension);
  const inside = `${CODE_INSIDE}/bundle.${extension}`;
  const { memoryBytes } = program.limits;
  return {
    command: runtime.command(inside, memoryBytes),
    mounts: [...runtime.mounts, { from: file, to: inside }],
    limits: {
      memoryBytes: memoryBytes + runtime.ownBytes,
      processes: runtime.processes,
      files: FILES,
      temporaryBytes: 0,
    },
    environment: runtime.environment,
    profile: "program",
    proc: runtime.proc,
  };
};

/**
 * Guests of lane process for one language: no two runs share a process, so neither do two publishers.
 * @example
 * ```ts
 * const house = createProgramHouse("python");
 * const guest = house.start();
 * ```
 */
export const createProgramHouse = (language: ProgramLanguage): GuestHouse => {
  const files = createProgramFiles();
  const guests = new Set<ReturnType<typeof createProgramGuest>>();
  return {
    wall: "bubblewrap+seccomp",
    alive: true,
    start: () => {
      const guest = createProgramGuest({
        start: (program) => startWallProcess(programCommand(language, program, files)),
        check: async () => {
          programRuntime(language);
          await checkWall();
        },
      });
      guests.add(guest);
      return guest;
    },
    close: async () => {
      await Promise.all([...guests].map((guest) => guest.close()));
      guests.clear();
      files.remove();
    },
  };
};
