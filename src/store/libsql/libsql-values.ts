import { fabricError } from "../../core/errors/fabric-error.ts";

/**
 * Checks the values of a statement before libsql 0.5 sees them, because it aborts the whole process on a boolean,
 * cuts text at NUL, stores NaN and undefined as null, and rounds integers above 2^53 on the way back.
 * Throws `STORE_VALUE_INVALID`.
 */
export const checkValues = (values: readonly unknown[]): readonly unknown[] => {
  for (const value of values) {
    const fault = faultOf(value);
    if (fault !== null) throw fabricError("STORE_VALUE_INVALID", { type: fault });
  }
  return values;
};

const faultOf = (value: unknown): string | null => {
  switch (typeof value) {
    case "string":
      return value.includes("\0") ? "text with NUL" : null;
    case "number":
      return Number.isSafeInteger(value) ? null : "number that is no safe integer";
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? null : "bigint above 2^53";
    case "object":
      return value === null || value instanceof Uint8Array ? null : "object";
    default:
      return typeof value;
  }
};

/** libsql hands blobs back as ArrayBuffer; the rest of the fabric knows Uint8Array. */
export const readRow = (row: unknown): unknown => {
  if (typeof row !== "object" || row === null) return row;
  const columns = row as Record<string, unknown>;
  for (const [name, value] of Object.entries(columns))
    if (value instanceof ArrayBuffer) columns[name] = new Uint8Array(value);
  return columns;
};
