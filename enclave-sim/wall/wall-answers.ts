import type { FromGuest } from "../protocol/guest-messages.ts";
import { WALL } from "../protocol/limits.ts";
import type { EngineLimits } from "../runners/js/js-engine.ts";
import { decodeSnapshot } from "./snapshot-codec.ts";
import { snapshotHeaderSchema } from "./snapshot-header.ts";
import { FRAME, type Frame, textOf, unpackJson } from "./wall-frames.ts";
import { doneSchema, failedSchema } from "./wall-messages.ts";

/** What the enclave waits for from a guest behind the wall. */
export type Expecting =
  | Asked
  /** The guest itself waits: it asked, and sleeps until it is answered. */
  | { readonly kind: "answer"; readonly after: Asked };
type Asked =
  | { readonly kind: "built"; readonly limits: EngineLimits; readonly codeBytes: number }
  | { readonly kind: "outcome"; readonly limits: EngineLimits };

/** Most bytes of UTF-8 that a UTF-16 unit takes. */
const BYTES_PER_CHARACTER = 3;
/** Bytes of the JSON around a text. */
const HEADER_BYTES = 65_536;
/** A snapshot's header may name many globals. */
const SNAPSHOT_HEADER_BYTES = 4_194_304;
const FAILED_BYTES = 262_144;
const LOST_BYTES = 0;

const refuse = (reason: string): never => {
  throw new RangeError(reason);
};

/** Largest payload of a frame that may come now; throws for one that may not. */
const boundOf = (kind: number, expecting: Expecting | undefined): number => {
  if (!expecting) return refuse(`frame ${kind} while nothing was asked`);
  const { limits } = expecting.kind === "answer" ? expecting.after : expecting;
  switch (kind) {
    case FRAME.BUILT:
      if (expecting.kind !== "built") return refuse("a snapshot that nobody asked for");
      // Code after admission is a little larger than before.
      return limits.memoryBytes + 2 * expecting.codeBytes + SNAPSHOT_HEADER_BYTES;
    case FRAME.CALL:
      if (expecting.kind !== "outcome") return refuse("a host call out of turn");
      return WALL.callCharacters * BYTES_PER_CHARACTER;
    case FRAME.DONE:
      if (expecting.kind !== "outcome") return refuse("an outcome out of turn");
      return limits.outcomeCharacters * BYTES_PER_CHARACTER + HEADER_BYTES;
    case FRAME.FAILED:
      return FAILED_BYTES;
    default:
      return refuse(`a frame of the unknown kind ${kind}`);
  }
};

/**
 * Whether a frame may come now, and what is waited for behind it. Throws when it may not: another guest's, another
 * run's, one too many, one too large.
 */
export const admitFrame = (
  { kind, guest, run }: Omit<Frame, "payload">,
  bytes: number,
  resident: { readonly run: number; readonly expecting: Expecting | undefined } | undefined,
): Expecting | undefined => {
  if (kind === FRAME.READY)
    return bytes === 0 && guest === 0 ? undefined : refuse("a greeting with something in it");
  // A guest that was closed a moment ago may still speak, within the same bounds of size.
  if (!resident) return bytes <= FAILED_BYTES ? undefined : refuse("a long word of no guest");
  if (kind === FRAME.LOST)
    return bytes === LOST_BYTES ? undefined : refuse("a farewell with something in it");
  if (run !== resident.run) return refuse("an answer to another conversation");
  const bound = boundOf(kind, resident.expecting);
  if (bytes > bound) return refuse(`a frame of ${bytes} bytes where ${bound} are allowed`);
  const { expecting } = resident;
  return kind === FRAME.CALL && expecting && expecting.kind !== "answer"
    ? { kind: "answer", after: expecting }
    : undefined;
};

/** The message of an admitted frame. Throws when it is not what it says. */
export const readAnswer = async (frame: Frame): Promise<FromGuest> => {
  switch (frame.kind) {
    case FRAME.CALL:
      return { kind: "call", text: textOf(frame.payload) };
    case FRAME.BUILT: {
      const { json, rest } = unpackJson(frame.payload);
      const header = snapshotHeaderSchema.parse(json);
      return { kind: "built", snapshot: await decodeSnapshot(header, rest) };
    }
    case FRAME.DONE: {
      const { json, rest } = unpackJson(frame.payload);
      return { kind: "done", ...doneSchema.parse(json), text: textOf(rest) };
    }
    default:
      return { kind: "failed", ...failedSchema.parse(unpackJson(frame.payload).json) };
  }
};
