import { pino, type DestinationStream } from "pino";
import { redact, redactText } from "./redact.ts";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** Facts beside a message. An error stands under `error`. */
export type LogFields = Readonly<Record<string, unknown>>;

type LogMethod = (message: string, fields?: LogFields) => void;

/** Events as one JSON line each. Everything that passes through is redacted. */
export interface Log {
  readonly trace: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly fatal: LogMethod;
  /** The same log with fields on every line. */
  child(fields: LogFields): Log;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Default: stderr, because stdout carries results. */
  readonly destination?: DestinationStream;
}

const RESERVED: ReadonlySet<string> = new Set(["level", "time", "msg"]);

/**
 * pino behind the `Log` port. pino's own `redact` knows only listed paths, so lines pass `redact` of this folder:
 * it hides by key name at any depth and by the form of the text.
 * @example
 * ```ts
 * const log = createLog({ level: "info" });
 * log.info("round published", { feed: "xau-usd", round: 7 });
 * log.error("run failed", { error });
 * ```
 */
export const createLog = ({ level, destination }: LogOptions): Log => {
  const writer = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
  const build = (bound: LogFields): Log => {
    const method =
      (name: Exclude<LogLevel, "silent">): LogMethod =>
      (message, fields) => {
        if (!writer.isLevelEnabled(name)) return;
        writer[name](
          redact(withoutReserved({ ...bound, ...fields })) as object,
          redactText(message),
        );
      };
    return {
      trace: method("trace"),
      debug: method("debug"),
      info: method("info"),
      warn: method("warn"),
      error: method("error"),
      fatal: method("fatal"),
      child: (fields) => build({ ...bound, ...fields }),
    };
  };
  return build({});
};

/** A field never stands in for what the log itself writes. */
const withoutReserved = (fields: LogFields): LogFields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [RESERVED.has(name) ? `${name}_` : name, value]),
  );

const nothing: LogMethod = () => undefined;

/** A log that keeps nothing: for tests and for libraries that were given none. */
export const silentLog: Log = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: () => silentLog,
};
