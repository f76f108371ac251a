import { FabricError, isFabricError } from "../../src/core/errors/fabric-error.ts";

/** What could forge a line of a log or steer a terminal. */
const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;

/** The same error with its words on one plain line: a guest chooses them, and people will read them. */
export const plainError = (error: unknown): unknown => {
  if (!isFabricError(error)) return error;
  const values = Object.entries(error.arguments).map(([name, value]) => [
    name,
    typeof value === "string" ? value.replaceAll(CONTROL, " ") : value,
  ]);
  return new FabricError(error.code, Object.fromEntries(values));
};
