import * as z from "zod";

import { redactText } from "../redact.ts";
import { errorCatalogue, type ErrorCode } from "./catalogue.ts";
import { FabricError, fabricError, isFabricError } from "./fabric-error.ts";

/** How an error crosses a thread, the bus or HTTP: a structured clone of a class loses class and code. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly arguments: Readonly<Record<string, string>>;
}

/** Longest text that an error carries across a wall, in characters. */
const MAX_TEXT = 2_000;

const coded = {
  code: z
    .string()
    .refine((code): code is ErrorCode => Object.hasOwn(errorCatalogue, code), "unknown error code"),
  arguments: z.record(z.string().max(64), z.string().max(MAX_TEXT)),
};
/** An error without texts, as a guest gives it: it has no catalogue. */
export const codedErrorSchema = z.strictObject(coded);
export const wireErrorSchema = z.strictObject({
  ...coded,
  message: z.string().max(4 * MAX_TEXT),
  hint: z.string().max(MAX_TEXT),
});
const anyErrorSchema = z.union([wireErrorSchema, codedErrorSchema]);

/** Redacted, because a wire error ends up in answers and logs of others; then cut. */
const bounded = (text: string): string => {
  const safe = redactText(text);
  return safe.length <= MAX_TEXT ? safe : `${safe.slice(0, MAX_TEXT - 1)}…`;
};

/** Turn anything thrown into its wire form; what is not of the catalogue becomes `INTERNAL`. */
export const toWire = (error: unknown): WireError => {
  const known = isFabricError(error)
    ? error
    : fabricError("INTERNAL", { reason: error instanceof Error ? error.message : String(error) });
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(known.arguments))
    values[name] = bounded(String(value));
  return { code: known.code, message: bounded(known.message), hint: known.hint, arguments: values };
};

/** Back from the wire, with or without texts. What does not parse, an unknown code for example, becomes `INTERNAL`. */
export const fromWire = (wire: unknown): FabricError => {
  const parsed = anyErrorSchema.safeParse(wire);
  if (!parsed.success)
    return fabricError("INTERNAL", { reason: "an error arrived in an unknown form" });
  return new FabricError(parsed.data.code, parsed.data.arguments);
};
