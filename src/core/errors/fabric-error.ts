import type { ArgumentNames, ArgumentValue, ErrorEntry, ErrorKind, ExitCode } from "./arguments.ts";
import { errorCatalogue, type ErrorCatalogue, type ErrorCode } from "./catalogue.ts";

type ArgumentsOf<Code extends ErrorCode> = ArgumentNames<ErrorCatalogue[Code]["message"]>;

/** Arguments that the message of `Code` names; `{}` where it names none. */
export type ErrorArguments<Code extends ErrorCode> = {
  readonly [Name in ArgumentsOf<Code>]: ArgumentValue;
};

/** An error that is known by its code. Make one with `fabricError`; recognise one with `isFabricError`. */
export class FabricError extends Error {
  override readonly name = "FabricError";
  readonly code: ErrorCode;
  readonly arguments: Readonly<Record<string, ArgumentValue>>;

  constructor(
    code: ErrorCode,
    values: Readonly<Record<string, ArgumentValue>>,
    options?: { cause?: unknown },
  ) {
    const entry: ErrorEntry = errorCatalogue[code];
    super(fillMessage(entry.message, values), options);
    this.code = code;
    this.arguments = values;
  }

  get kind(): ErrorKind {
    return errorCatalogue[this.code].kind;
  }

  get hint(): string {
    return errorCatalogue[this.code].hint;
  }
}

const fillMessage = (message: string, values: Readonly<Record<string, ArgumentValue>>): string =>
  message.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

/**
 * Make an error of the catalogue. A missing argument does not compile.
 * @example
 * ```ts
 * throw fabricError("DECIMAL_INVALID", { text: "12,5" });
 * ```
 */
export const fabricError = <Code extends ErrorCode>(
  code: Code,
  values: ErrorArguments<Code>,
  options?: { cause?: unknown },
): FabricError => new FabricError(code, values, options);

/**
 * True for an error of the catalogue, by its code and never by class; with `code`, for that one only.
 * @example
 * ```ts
 * import { createFabricClient, isFabricError } from "cryptlet-fabric/client";
 *
 * const client = createFabricClient({ url: "http://127.0.0.1:1" });
 * const error = await client.feeds.list().catch((reason: unknown) => reason);
 * console.log(isFabricError(error) && error.code); // CLIENT_UNREACHABLE
 * ```
 */
export const isFabricError = (error: unknown, code?: ErrorCode): error is FabricError =>
  error instanceof Error &&
  "code" in error &&
  typeof error.code === "string" &&
  Object.hasOwn(errorCatalogue, error.code) &&
  (code === undefined || error.code === code);

const EXIT_BY_KIND: Readonly<Record<ErrorKind, ExitCode>> = {
  user: 2,
  verification: 11,
  unavailable: 5,
  internal: 1,
};
const STATUS_BY_KIND: Readonly<Record<ErrorKind, number>> = {
  user: 400,
  verification: 422,
  unavailable: 503,
  internal: 500,
};

/**
 * Exit code of the command line for an error of this code.
 * @example
 * ```ts
 * import { exitCodeOf } from "cryptlet-fabric/client";
 *
 * console.log(exitCodeOf("FEED_UNKNOWN")); // 3
 * ```
 */
export const exitCodeOf = (code: ErrorCode): ExitCode => {
  const entry: ErrorEntry = errorCatalogue[code];
  return entry.exit ?? EXIT_BY_KIND[entry.kind];
};

/** HTTP status for an error of this code. */
export const httpStatusOf = (code: ErrorCode): number => {
  const entry: ErrorEntry = errorCatalogue[code];
  return entry.status ?? STATUS_BY_KIND[entry.kind];
};
