import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { fromWire } from "../../src/core/errors/wire.ts";
import { guestWork, type LineListener } from "../host/converse.ts";
import type { Guest } from "../host/guest.ts";
import type { GuestHouse } from "../host/guest-house.ts";
import type { FromGuest, GuestProgram, ToGuest } from "../protocol/guest-messages.ts";
import { WALL } from "../protocol/limits.ts";
import { engineCommand, GUEST_PROCESS } from "./engine-command.ts";
import { encodeSnapshot } from "./snapshot-codec.ts";
import { startWallProcess } from "./start-wall-process.ts";
import { createFrameReader, encodeFrame, FRAME, type Frame, packJson } from "./wall-frames.ts";
import type { BuildMessage, ProgramMessage, RunMessage } from "./wall-messages.ts";
import { admitFrame, type Expecting, readAnswer } from "./wall-answers.ts";
import type { WallLimits, WallProcess } from "./wall-process.ts";

/** ms more than a guest inside gets to stop by itself, before the whole process is killed. */
const KILL_GRACE_MS = 400;

/** A guest as the house keeps it. */
interface Resident {
  readonly number: number;
  run: number;
  expecting: Expecting | undefined;
  alive: boolean;
  listener: LineListener | undefined;
}

/**
 * Guests of one publisher as threads of a process behind the outer wall. A word out of turn, or one that cannot be read,
 * ends the process: code that says such a thing has left its engine.
 */
export const createWallGuestHouse = (
  limits: WallLimits,
  start: (limits: WallLimits) => WallProcess = (bounds) =>
    startWallProcess(engineCommand([GUEST_PROCESS], bounds)),
): GuestHouse => {
  const process = start(limits);
  const residents = new Map<number, Resident>();
  /** Numbers of the programs that are inside, by measurement and limits. */
  const programs = new Map<string, number>();
  const numbers = { guest: 0, program: 0 };
  let alive = true;

  const write = (header: Omit<Frame, "payload">, ...parts: readonly Uint8Array[]) => {
    for (const part of encodeFrame(header, ...parts)) process.stdin.write(part);
  };
  const lose = (resident: Resident, reason: string) => {
    resident.alive = false;
    resident.expecting = undefined;
    residents.delete(resident.number);
    resident.listener?.lost(reason);
  };
  const end = (reason: string) => {
    alive = false;
    for (const resident of residents.values()) lose(resident, reason);
  };
  const distrust = (error: unknown) => {
    if (!alive) return;
    end(error instanceof Error ? error.message.slice(0, 300) : "its process sent something else");
    void process.kill();
  };

  const take = async (frame: Frame): Promise<void> => {
    if (frame.kind === FRAME.READY) return;
    const resident = residents.get(frame.guest);
    if (!resident) return;
    if (frame.kind === FRAME.LOST) return lose(resident, "its thread ended");
    const { run } = resident;
    const message: FromGuest = await readAnswer(frame);
    // Reading a snapshot takes a moment, in which the conversation may have ended.
    if (resident.run === run) resident.listener?.heard(message);
  };
  const reader = createFrameReader(
    (header, bytes) => {
      const resident = residents.get(header.guest);
      const expecting = admitFrame(header, bytes, resident);
      if (resident) resident.expecting = expecting;
    },
    (frame) => void take(frame).catch(distrust),
  );
  process.stdout.on("data", (chunk: Buffer) => {
    if (!alive) return;
    try {
      reader.push(chunk);
    } catch (error) {
      distrust(error);
    }
  });
  void process.exited.then(({ code, signal }) =>
    end(`the process behind the wall ended with ${code ?? signal ?? "an error"}`),
  );

  const programNumber = (program: GuestProgram): number => {
    const key = JSON.stringify([program.id, program.limits]);
    const known = programs.get(key);
    if (known !== undefined) return known;
    numbers.program += 1;
    programs.set(key, numbers.program);
    const { header, parts } = encodeSnapshot(program.snapshot);
    const { id, limits: bounds } = program;
    const message: ProgramMessage = { id, limits: bounds, snapshot: header };
    write({ kind: FRAME.PROGRAM, guest: numbers.program, run: 0 }, ...packJson(message, ...parts));
    return numbers.program;
  };

  const say = (resident: Resident, message: ToGuest): void => {
    resident.run += 1;
    const { number: guest, run } = resident;
    if (message.kind === "build") {
      const { lane, cryptlet, limits: bounds, code } = message.code;
      if (lane === "process") throw fabricError("LANE_UNAVAILABLE", { lane });
      resident.expecting = { kind: "built", limits: bounds, codeBytes: code.byteLength };
      const build: BuildMessage = { lane, cryptlet, limits: bounds };
      write({ kind: FRAME.BUILD, guest, run }, ...packJson(build, code));
    } else if (message.kind === "run") {
      const program = programNumber(message.program);
      resident.expecting = { kind: "outcome", limits: message.program.limits };
      const request: RunMessage = { program, run: message.run, again: message.again };
      write({ kind: FRAME.RUN, guest, run }, ...packJson(request));
    }
  };

  const createGuest = (): Guest => {
    numbers.guest += 1;
    const resident: Resident = {
      number: numbers.guest,
      run: 0,
      expecting: undefined,
      alive,
      listener: undefined,
    };
    const { number: guest } = resident;
    if (alive) residents.set(guest, resident);
    write({ kind: FRAME.START, guest, run: 0 });
    return {
      ...guestWork({
        isAlive: () => resident.alive,
        send: (message) => say(resident, message),
        answer: (text) => {
          if (resident.expecting?.kind === "answer") resident.expecting = resident.expecting.after;
          write({ kind: FRAME.ANSWER, guest, run: resident.run }, Buffer.from(text, "utf8"));
        },
        cancel: () => write({ kind: FRAME.CANCEL, guest, run: resident.run }),
        reset: () => undefined,
        terminate: () => void process.kill(),
        graceMs: WALL.graceMs + KILL_GRACE_MS,
        listen: (next) => {
          resident.listener = next;
        },
        toError: fromWire,
      }),
      wall: "bubblewrap+seccomp",
      get alive() {
        return resident.alive;
      },
      close: async () => {
        if (!resident.alive) return;
        lose(resident, "it was closed");
        write({ kind: FRAME.END, guest, run: 0 });
      },
    };
  };

  return {
    wall: "bubblewrap+seccomp",
    get alive() {
      return alive;
    },
    start: createGuest,
    close: async () => {
      end("its house was closed");
      await process.kill();
    },
  };
};
