import type { ArgumentValue } from "../core/errors/arguments.ts";
import type { ErrorArguments } from "../core/errors/fabric-error.ts";
import type { GuestErrorCode } from "../core/errors/guest-errors.ts";
import type { AbiError, GuestRefusal } from "./abi.ts";

// A guest has no catalogue: message and hint are the host's, so that a better text changes no measurement.

const CODE = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/;
/** Longest text of an argument in characters; the same bound as on the host side. */
const MAX_TEXT = 2_000;
const bounded = (text: string): string =>
  text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`;

/** An error inside a guest: code and arguments. Its message is for logs; the host shows the catalogue's. */
export class GuestError extends Error {
  override readonly name = "FabricError";
  readonly code: string;
  readonly arguments: Readonly<Record<string, ArgumentValue>>;

  constructor(
    code: string,
    values: Readonly<Record<string, ArgumentValue>>,
    options?: { cause?: unknown },
  ) {
    const said = Object.entries(values).map(([name, value]) => `${name}=${String(value)}`);
    super([code, ...said].join(" "), options);
    this.code = code;
    this.arguments = values;
  }
}

/**
 * Make an error that a Cryptlet may refuse with. A missing argument does not compile.
 * @example
 * ```ts
 * throw guestError("SOURCE_STATUS", { status: 502 });
 * ```
 */
export const guestError = <Code extends GuestErrorCode>(
  code: Code,
  values: ErrorArguments<Code>,
  options?: { cause?: unknown },
): GuestError => new GuestError(code, values, options);

/** True for an error with code and arguments, whoever made it; with `code`, for that one only. */
export const isGuestError = (error: unknown, code?: GuestErrorCode): error is GuestError =>
  error instanceof Error &&
  "code" in error &&
  typeof error.code === "string" &&
  CODE.test(error.code) &&
  "arguments" in error &&
  typeof error.arguments === "object" &&
  error.arguments !== null &&
  (code === undefined || error.code === code);

/** Calls that are kept of a stack: the innermost. */
const MAX_FRAMES = 8;
/** As the guest's engine names places; a stack of any other engine names files, and gives nothing. */
const FRAME = /[ (]bundle\.js:\d+:\d+/g;

/**
 * Where something was thrown, as places of the built code: `bundle.js:1:204 bundle.js:1:90`. The source map leads back to
 * what the author wrote (`enclave-sim/host/guest-stack.ts`). Empty where nothing is known.
 */
export const guestPlaces = (stack: unknown): string =>
  typeof stack === "string"
    ? (stack.match(FRAME) ?? [])
        .slice(0, MAX_FRAMES)
        .map((place) => place.slice(1))
        .join(" ")
    : "";

/**
 * Anything thrown, in the form that leaves a guest; what has no code becomes `CRYPTLET_FAILED`, a defect, and says with
 * the argument `stack` where it was thrown.
 */
export const toRefusal = (error: unknown): GuestRefusal => {
  const known = isGuestError(error) ? error : defect(error);
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(known.arguments))
    values[name] = bounded(String(value));
  return { code: known.code, arguments: values };
};

const defect = (error: unknown): GuestError => {
  const stack = stackOf(error);
  const reason = reasonOf(error);
  return new GuestError("CRYPTLET_FAILED", stack === "" ? { reason } : { reason, stack });
};

const stackOf = (error: unknown): string => {
  try {
    return error instanceof Error ? guestPlaces(error.stack) : "";
  } catch {
    return "";
  }
};

const reasonOf = (error: unknown): string => {
  try {
    return bounded(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  } catch {
    return "something that has no text was thrown";
  }
};

/** Throws an error that came through the wall under its own code; what is no error as `HOST_CALL_REFUSED`. */
export const throwAbiError = (error: unknown): never => {
  const { code, arguments: values } = (error ?? {}) as Partial<AbiError>;
  if (typeof code === "string" && CODE.test(code) && typeof values === "object" && values !== null)
    throw new GuestError(code, values);
  throw guestError("HOST_CALL_REFUSED", { reason: "an error without code or arguments" });
};
