import {
  exitCodeOf,
  fabricError,
  isFabricError,
  type FabricError,
} from "../core/errors/fabric-error.ts";
import type { CommandRecord, CommandResult, GlobalOptions } from "./command.ts";
import { formatRootHelp } from "./help.ts";
import { readOptions } from "./option-value.ts";
import { createOutput, type OutputWriter, type TextSink } from "./output.ts";
import { parseCommand } from "./parse-command.ts";
import { isStop, type StopReason } from "./stop.ts";

/** Where a fabric's API listens unless told otherwise. */
export const DEFAULT_URL = "http://127.0.0.1:8600";

/** What the process gives to the command line; a test gives its own. */
export interface CliEnvironment {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Aborts with a `StopReason` on SIGINT, SIGTERM and EPIPE. */
  readonly signal: AbortSignal;
}

/** Whether the words before `--` hold this flag; used before and when parsing fails. */
const hasFlag = (argv: readonly string[], flag: string): boolean => {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes(flag);
};

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

const readGlobal = (
  given: Readonly<Record<string, unknown>>,
  env: CliEnvironment["env"],
): GlobalOptions => {
  const url = text(given["url"]) ?? text(env["CRYPTLET_URL"]) ?? DEFAULT_URL;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw fabricError("USAGE_INVALID", {
      fault: `--url must be an http or https address, not ${url}`,
    });
  return {
    json: given["json"] === true,
    verbose: given["verbose"] === true,
    config: text(given["config"]) ?? text(env["CRYPTLET_CONFIG"]),
    url,
    token: text(env["CRYPTLET_API_TOKEN"]) ?? null,
  };
};

const toFabricError = (error: unknown): FabricError =>
  isFabricError(error)
    ? error
    : fabricError(
        "INTERNAL",
        { reason: error instanceof Error ? error.message : String(error) },
        { cause: error },
      );

/** Exit code after the process was asked to stop, null when it was not. */
const stopCode = (reason: StopReason | null, service: boolean): number | null => {
  if (reason === null) return null;
  if (reason.stop === "EPIPE") return 0;
  return reason.stop === "SIGTERM" && service ? 0 : 130;
};

const finish = (
  outcome: { result?: CommandResult | undefined; error?: unknown },
  output: OutputWriter,
  stopped: number | null,
  record: CommandRecord,
): number => {
  if (stopped === 0) return 0;
  if (stopped !== null) {
    // What runs until it is stopped has said all it had to say; what was cut off has not.
    if ("error" in outcome)
      output.failure(fabricError("INTERRUPTED", { what: `cryptlet ${record.name}` }));
    return stopped;
  }
  if ("error" in outcome) {
    const error = toFabricError(outcome.error);
    output.failure(error);
    return exitCodeOf(error.code);
  }
  const { result } = outcome;
  if (result?.failure) {
    output.print(result.text);
    output.failure(result.failure, result.data);
    return exitCodeOf(result.failure.code);
  }
  if (result) output.document(result.data, result.text);
  return 0;
};

/**
 * Run one command line and give its exit code (architecture.md, "Command line"). Writes only to the two sinks.
 * @example
 * ```ts
 * const code = await runCli(["feed", "list"], commands, environment);
 * ```
 */
export const runCli = async (
  argv: readonly string[],
  commands: readonly CommandRecord[],
  environment: CliEnvironment,
): Promise<number> => {
  const output = createOutput({
    ...environment,
    json: hasFlag(argv, "--json"),
    color: !hasFlag(argv, "--no-color"),
    verbose: hasFlag(argv, "--verbose"),
  });
  if (argv.length === 0) {
    environment.stdout.write(`${formatRootHelp(commands)}\n`);
    return 0;
  }
  let record: CommandRecord;
  let outcome: { result?: CommandResult | undefined; error?: unknown };
  try {
    const parsed = parseCommand(argv, commands, environment);
    if (parsed === null) return 0;
    record = parsed.record;
    const input = {
      args: parsed.args,
      options: readOptions(record.options, parsed.options),
      global: readGlobal(parsed.global, environment.env),
      output,
      env: environment.env,
      signal: environment.signal,
    };
    outcome = await record.run(input).then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
  } catch (error) {
    const fault = toFabricError(error);
    output.failure(fault);
    return exitCodeOf(fault.code);
  }
  const { signal } = environment;
  const reason = signal.aborted && isStop(signal.reason) ? signal.reason : null;
  return finish(outcome, output, stopCode(reason, record.service), record);
};
