import { setPriority } from "node:os";
import { GuestError, toRefusal } from "../../src/sdk/guest-error.ts";
import type { Guest, RunBounds } from "../host/guest.ts";
import { shareSnapshot } from "../host/shared-snapshot.ts";
import { startThreadGuest } from "../host/thread-guest.ts";
import type { GuestProgram } from "../protocol/guest-messages.ts";
import { GUEST_PRIORITY } from "../protocol/limits.ts";
import {
  createFrameReader,
  encodeFrame,
  FRAME,
  type Frame,
  packJson,
  textOf,
  unpackJson,
} from "../wall/wall-frames.ts";
import { decodeSnapshot, encodeSnapshot } from "../wall/snapshot-codec.ts";
import type { BuildMessage, ProgramMessage, RunMessage } from "../wall/wall-messages.ts";

// Entry of the process behind the wall: guest threads of one publisher, and their words passed on. It holds nothing
// that its publisher's code may not know, because code that breaks out of an engine is here.

/** The bounds of time are the enclave's; this one only keeps timers from overflowing. */
const NEVER_MS = 2_147_483_647;

// Threads that are started later inherit it.
setPriority(GUEST_PRIORITY);

interface Member {
  readonly guest: Guest;
  /** The conversation under way. */
  run: number;
  controller: AbortController | undefined;
  answered: ((text: string) => void) | undefined;
}
const members = new Map<number, Member>();
const programs = new Map<number, Promise<GuestProgram>>();

const send = (header: Omit<Frame, "payload">, ...parts: readonly Uint8Array[]): void => {
  for (const part of encodeFrame(header, ...parts)) process.stdout.write(part);
};

/** One conversation with a guest: what it gives or why not, and whether the guest is still there. */
const converse = async (
  frame: Frame,
  work: (guest: Guest, bounds: RunBounds) => Promise<readonly Uint8Array[]>,
  kind: typeof FRAME.BUILT | typeof FRAME.DONE,
): Promise<void> => {
  const { guest: number, run } = frame;
  const member = members.get(number);
  if (!member) return;
  const controller = new AbortController();
  Object.assign(member, { run, controller });
  const bounds: RunBounds = {
    timeoutMs: NEVER_MS,
    signal: controller.signal,
    answer: (text) =>
      new Promise((resolve) => {
        member.answered = resolve;
        send({ kind: FRAME.CALL, guest: number, run }, Buffer.from(text, "utf8"));
      }),
  };
  try {
    send({ kind, guest: number, run }, ...(await work(member.guest, bounds)));
  } catch (error) {
    const refusal = packJson({ fuel: 0, error: toRefusal(error) });
    send({ kind: FRAME.FAILED, guest: number, run }, ...refusal);
  }
  member.controller = undefined;
  member.answered = undefined;
  if (member.guest.alive) return;
  members.delete(number);
  send({ kind: FRAME.LOST, guest: number, run: 0 });
};

const readProgram = async (payload: Buffer): Promise<GuestProgram> => {
  const { json, rest } = unpackJson(payload);
  const { id, limits, snapshot } = json as ProgramMessage;
  return { id, limits, snapshot: shareSnapshot(await decodeSnapshot(snapshot, rest)) };
};

const build = (frame: Frame): Promise<void> =>
  converse(
    frame,
    async (guest, bounds) => {
      const { json, rest } = unpackJson(frame.payload);
      const snapshot = await guest.build({ ...(json as BuildMessage), code: rest }, bounds);
      const { header, parts } = encodeSnapshot(snapshot);
      return packJson(header, ...parts);
    },
    FRAME.BUILT,
  );

const run = (frame: Frame): Promise<void> =>
  converse(
    frame,
    async (guest, bounds) => {
      const { json } = unpackJson(frame.payload);
      const { program: number, run: request, again } = json as RunMessage;
      const program = await programs.get(number);
      if (!program) throw new Error("no such program");
      const { text, fuel } = await guest.run(program, request, { ...bounds, again });
      return packJson({ fuel }, Buffer.from(text, "utf8"));
    },
    FRAME.DONE,
  );

const take = (frame: Frame): void => {
  const member = members.get(frame.guest);
  switch (frame.kind) {
    case FRAME.PROGRAM: {
      const program = readProgram(frame.payload);
      programs.set(frame.guest, program);
      program.catch(() => undefined);
      return;
    }
    case FRAME.FORGET:
      programs.delete(frame.guest);
      return;
    case FRAME.START:
      members.set(frame.guest, {
        guest: startThreadGuest(
          (refusal) => new GuestError(refusal.code, refusal.arguments),
          new URL("guest-thread.js", import.meta.url),
        ),
        run: 0,
        controller: undefined,
        answered: undefined,
      });
      return;
    case FRAME.BUILD:
      void build(frame);
      return;
    case FRAME.RUN:
      void run(frame);
      return;
    case FRAME.ANSWER:
      if (member?.run === frame.run) member.answered?.(textOf(frame.payload));
      return;
    case FRAME.CANCEL:
      if (member?.run === frame.run) member.controller?.abort();
      return;
    case FRAME.END:
      members.delete(frame.guest);
      void member?.guest.close();
  }
};

const reader = createFrameReader(() => undefined, take);
process.stdin.on("data", (chunk: Buffer) => reader.push(chunk));
// The enclave is gone, or wants this to end.
process.stdin.on("end", () => process.exit(0));
process.stdin.on("error", () => process.exit(0));
process.stdout.on("error", () => process.exit(0));
send({ kind: FRAME.READY, guest: 0, run: 0 });
