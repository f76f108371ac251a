import { errorCatalogue, type ErrorCode } from "../core/errors/catalogue.ts";
import { FabricError, fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import type { AbiError } from "./abi.ts";

// `toWire` of src/core does the same on the host side; it brings zod, which has no place in a measured bundle.

/** Longest text of an error in characters; the same bound as on the host side. */
const MAX_TEXT = 2_000;
const bounded = (text: string): string =>
  text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`;

/** Anything thrown, in the form that crosses the wall; what is not of the catalogue becomes `CRYPTLET_FAILED`. */
export const toAbiError = (error: unknown): AbiError => {
  const known = isFabricError(error)
    ? error
    : fabricError("CRYPTLET_FAILED", { reason: reasonOf(error) });
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(known.arguments))
    values[name] = bounded(String(value));
  return { code: known.code, message: bounded(known.message), hint: known.hint, arguments: values };
};

const reasonOf = (error: unknown): string => {
  try {
    return bounded(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  } catch {
    return "something that has no text was thrown";
  }
};

/** Throws an error that came through the wall under its own code; an unknown code as `HOST_CALL_REFUSED`. */
export const throwAbiError = (error: unknown): never => {
  const { code, arguments: values } = (error ?? {}) as Partial<AbiError>;
  if (typeof code === "string" && Object.hasOwn(errorCatalogue, code))
    throw new FabricError(code as ErrorCode, values ?? {});
  throw fabricError("HOST_CALL_REFUSED", { reason: "an error of an unknown code" });
};
