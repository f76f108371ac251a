import type { ErrorCode } from "../core/errors/catalogue.ts";
import { isFabricError } from "../core/errors/fabric-error.ts";
import { toSafeText } from "./safe-text.ts";
import { createStyle, type Style } from "./style.ts";

/** The part of a stream that is used: process.stdout and process.stderr fit, a test gives its own. */
export interface TextSink {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** What long work shows on a terminal while it lasts. */
export interface Progress {
  update(text: string): void;
  /** Clears the line. */
  stop(): void;
}

/** Where a command writes: results to standard output, everything for people to standard error. */
export interface Output {
  readonly json: boolean;
  /** For standard output. */
  readonly style: Style;
  /** Columns of the terminal; null where standard output is none and lines stay as they are. */
  readonly columns: number | null;
  /** One line or block of the result for people; nothing under `--json`. */
  print(text: string): void;
  /** One event of a following command: one JSON line under `--json`, else its text. */
  event(data: unknown, text: string): void;
  /** Remark for people, on standard error. */
  note(text: string): void;
  /** Spinner on standard error; silent where that is no terminal. */
  progress(text: string): Progress;
}

/** What went wrong, in the words of `--json`; a FabricError is one. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  /** What led to it; told to people, not in the document. */
  readonly cause?: unknown;
}

/** The framework's half: how the one document and the error are written. */
export interface OutputWriter extends Output {
  document(data: unknown, text: string): void;
  /** `data` is what the command still found out, for example a report that ends with a refusal. */
  failure(error: Failure, data?: unknown): void;
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 80;
const CLEAR_LINE = "\r\u001b[2K";

/** What JSON may leave as it is and a terminal obeys: C1 controls and the marks that turn the direction of text. */
const STEERING = /[\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g;

/** JSON text; bigints, which JSON lacks, as decimal text. Printed on a terminal it steers nothing. */
export const toJsonText = (data: unknown): string =>
  JSON.stringify(data, (_key, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  ).replace(STEERING, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);

const startSpinner = (sink: TextSink, first: string): Progress => {
  let text = first;
  let frame = 0;
  const draw = () => {
    sink.write(`${CLEAR_LINE}${FRAMES[frame++ % FRAMES.length] ?? ""} ${toSafeText(text)}`);
  };
  draw();
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  return {
    update: (next) => {
      text = next;
    },
    stop: () => {
      clearInterval(timer);
      sink.write(CLEAR_LINE);
    },
  };
};

const silent: Progress = { update: () => {}, stop: () => {} };

/** Whether this stream gets colours: a terminal, and neither NO_COLOR (no-color.org) nor `--no-color`. */
const wantsColour = (
  sink: TextSink,
  color: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean => color && sink.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";

/** Deepest chain of causes that is told. */
const MAX_CAUSES = 5;

/** Coded causes below an error, in words; what has no code says nothing to its reader. */
const causesOf = (error: Failure): string[] => {
  const told: string[] = [];
  let { cause } = error;
  while (isFabricError(cause) && told.length < MAX_CAUSES) {
    told.push(`${cause.code} ${cause.message}`);
    ({ cause } = cause);
  }
  return told;
};

/** The innermost stack there is. */
const stackOf = (error: Failure): string => {
  const innermost = error.cause instanceof Error ? error.cause : error;
  return innermost instanceof Error ? (innermost.stack ?? innermost.message) : "";
};

/**
 * Everything that leaves the process goes through here. Text of strangers (feed names, provider answers, error
 * messages) is stripped of control characters, so that no answer can move the cursor or conceal a line.
 */
export const createOutput = (options: {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly json: boolean;
  readonly color: boolean;
  /** Errors come with their stack. */
  readonly verbose: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}): OutputWriter => {
  const { stdout, stderr, json, color, verbose, env } = options;
  const style = createStyle(wantsColour(stdout, color, env));
  const errorStyle = createStyle(wantsColour(stderr, color, env));
  const line = (sink: TextSink, text: string) => {
    sink.write(`${toSafeText(text)}\n`);
  };
  return {
    json,
    style,
    columns: stdout.isTTY === true ? (stdout.columns ?? 80) : null,
    print: (text) => {
      if (!json) line(stdout, text);
    },
    event: (data, text) => {
      if (json) stdout.write(`${toJsonText(data)}\n`);
      else line(stdout, text);
    },
    note: (text) => line(stderr, text),
    progress: (text) =>
      stderr.isTTY === true && env["TERM"] !== "dumb" ? startSpinner(stderr, text) : silent,
    document: (data, text) => {
      if (json) stdout.write(`${toJsonText({ ok: true, data })}\n`);
      else if (text !== "") line(stdout, text);
    },
    failure: (error, data) => {
      const { code, message, hint } = error;
      if (json) {
        const found = data === undefined ? {} : { data };
        stdout.write(`${toJsonText({ ok: false, error: { code, message, hint }, ...found })}\n`);
        return;
      }
      line(stderr, `${errorStyle.bad("error")} ${errorStyle.bold(code)} ${message}`);
      for (const cause of causesOf(error)) line(stderr, `${errorStyle.dim("cause")} ${cause}`);
      line(stderr, `${errorStyle.dim("hint")}  ${hint}`);
      if (verbose) line(stderr, errorStyle.dim(stackOf(error)));
    },
  };
};
