import type { Log, LogFields } from "../../core/log.ts";
import { createLog } from "../../core/log.ts";
import type { DevEvent } from "./dev-event.ts";

type Level = Exclude<keyof Log, "child">;

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

/**
 * The host's log as news of the session: what Cryptlets log, and what the host warns of. Under `--verbose` everything
 * goes to standard error as well, as it would in earnest. What news of their own tell is left out.
 */
export const createDevLog = (options: {
  readonly emit: (event: DevEvent) => void;
  readonly verbose: boolean;
}): Log => {
  const { emit } = options;
  const verbose = options.verbose ? createLog({ level: "debug" }) : null;
  const build = (bound: LogFields): Log => {
    const method =
      (level: Level) =>
      (message: string, fields: LogFields = {}): void => {
        const all = { ...bound, ...fields };
        verbose?.[level](message, all);
        const run = text(all["run"]);
        const isGuest = run !== null && text(all["cryptlet"]) !== null;
        const isWarning = level === "warn" || level === "error" || level === "fatal";
        // That nobody signed the folder that he writes in is no news to its author.
        const isKnown = message === "run failed" || all["refuseThem"] === "packages.folders";
        if (isGuest || (isWarning && !isKnown))
          emit({ type: "log", level, message: isGuest ? message : worded(message, all), run });
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

/** A warning of the host with the code or reason that it came with. */
const worded = (message: string, fields: LogFields): string => {
  const { error, reason, code } = fields;
  const why =
    text(reason) ?? text(code) ?? (error instanceof Error ? error.message : undefined) ?? "";
  return why === "" ? message : `${message}: ${why}`;
};
