import { fabricError, isFabricError } from "../../../src/core/errors/fabric-error.ts";
import { toWire } from "../../../src/core/errors/wire.ts";
import type { FromGuest } from "../../protocol/guest-messages.ts";
import type { WallExit, WallProcess } from "../../wall/wall-process.ts";
import { createLineReader } from "./line-reader.ts";
import { answerLine, MAX_LINE_BYTES, readProgramLine, triggerLine } from "./program-frames.ts";

/** ms that a program has to end by itself after its outcome, before it is killed. */
const EXIT_MS = 500;
/** Characters of its last words that an error carries. */
const MAX_WORDS = 300;

/** One start of a program. */
export interface ProgramRun {
  /** Answers the call that was told last. */
  answer(text: string): void;
  /** SIGKILL to all of it; resolves when it is gone. Nothing is told afterwards. */
  stop(): Promise<void>;
}

const refuse = (reason: string) => fabricError("GUEST_PROTOCOL", { reason });

/** Whose turn it is to speak. */
type Turn = "program" | "enclave" | "over";

/**
 * Leads the conversation with a program that was started. Its calls are told as they come, its end once and only when
 * nothing of it is left: an outcome, or `GUEST_PROTOCOL`, `GUEST_ANSWER_TOO_LARGE`, `GUEST_CRASHED`.
 */
export const leadProgram = (
  wall: WallProcess,
  run: { readonly triggerText: string; readonly outcomeCharacters: number },
  tell: (message: FromGuest) => void,
): ProgramRun => {
  let turn: Turn = "program";
  let calls = 0;
  let outcome: string | null = null;
  let patience: NodeJS.Timeout | undefined;
  /** Why it was killed; what it says from then on is not heard. */
  let ended: { readonly fault: unknown } | "stopped" | "late" | null = null;

  const hear = (line: Uint8Array): void => {
    if (turn === "over") throw refuse("a line after its outcome");
    if (turn === "enclave") throw refuse("a line before its answer came");
    const { kind, text } = readProgramLine(line, run.outcomeCharacters);
    if (kind === "call") {
      turn = "enclave";
      calls += 1;
      tell({ kind: "call", text });
      return;
    }
    turn = "over";
    outcome = text;
    wall.stdin.end();
    // It did its work: that it does not go by itself is no fault of the run.
    patience = setTimeout(() => {
      ended ??= "late";
      void wall.kill();
    }, EXIT_MS);
  };
  const reader = createLineReader(MAX_LINE_BYTES, hear);
  const take = (chunk: Uint8Array): void => {
    if (ended) return;
    try {
      reader.push(chunk);
      if (turn === "over" && reader.rest > 0) throw refuse("words after its outcome");
    } catch (error) {
      ended = { fault: isFabricError(error) ? error : refuse("a line that is too long") };
      void wall.kill();
    }
  };
  const fail = (error: unknown): void => {
    const { code, arguments: values } = toWire(error);
    tell({ kind: "failed", error: { code, arguments: values }, fuel: calls });
  };
  const tellEnd = (exit: WallExit): void => {
    clearTimeout(patience);
    if (ended === "stopped") return;
    if (ended !== null && ended !== "late") return fail(ended.fault);
    if (outcome !== null && (exit.code === 0 || ended === "late"))
      return tell({ kind: "done", text: outcome, fuel: calls });
    fail(fabricError("GUEST_CRASHED", { reason: describeExit(exit) }));
  };

  wall.stdout.on("data", take);
  const gone = (async () => tellEnd(await wall.exited))();
  wall.stdin.write(triggerLine(run.triggerText));
  return {
    answer: (text) => {
      if (turn !== "enclave" || ended) return;
      turn = "program";
      wall.stdin.write(answerLine(text));
    },
    stop: async () => {
      ended ??= "stopped";
      await wall.kill();
      await gone;
    },
  };
};

/** How a program ended, with the last line of its standard error, without marks that steer a terminal. */
const describeExit = ({ code, signal, stderr }: WallExit): string => {
  const line = stderr.trimEnd().split("\n").at(-1) ?? "";
  const words = line
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029\ufffd]/gu, " ")
    .slice(0, MAX_WORDS)
    .trim();
  return `it ended with ${code ?? signal ?? "nothing"}${words === "" ? "" : `: ${words}`}`;
};
