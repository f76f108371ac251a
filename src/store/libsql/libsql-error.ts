import { fabricError, isFabricError, type FabricError } from "../../core/errors/fabric-error.ts";

/**
 * Turns what libsql throws into an error of the catalogue, by SQLite's result code
 * (https://www.sqlite.org/rescode.html) where there is one.
 */
export const libsqlError = (thrown: unknown, file: string): FabricError => {
  if (isFabricError(thrown)) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const code = codeOf(thrown);
  const options = { cause: thrown };
  if (starts(code, "SQLITE_BUSY", "SQLITE_LOCKED"))
    return fabricError("STORE_LOCKED", { file }, options);
  if (starts(code, "SQLITE_FULL")) return fabricError("STORE_FULL", { file }, options);
  if (starts(code, "SQLITE_CORRUPT", "SQLITE_NOTADB"))
    return fabricError("STORE_CORRUPT", { file, reason }, options);
  if (starts(code, "SQLITE_CONSTRAINT")) return fabricError("STORE_CONFLICT", { reason }, options);
  if (starts(code, "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"))
    return fabricError("STORE_UNREADABLE", { file, reason }, options);
  if (starts(code, "SQLITE_IOERR")) return fabricError("STORE_IO", { file, reason }, options);
  // These two come without a result code.
  if (reason.includes("connection is not open")) return fabricError("STORE_CLOSED", {}, options);
  if (reason.includes("ConnectionFailed"))
    return fabricError("STORE_UNREADABLE", { file, reason }, options);
  return fabricError("INTERNAL", { reason: `database: ${reason}` }, options);
};

const codeOf = (thrown: unknown): string =>
  typeof thrown === "object" &&
  thrown !== null &&
  "code" in thrown &&
  typeof thrown.code === "string"
    ? thrown.code
    : "";

const starts = (code: string, ...prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => code.startsWith(prefix));
