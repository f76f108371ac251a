import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";

import { Secret } from "../../core/config/secret.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { fileFault } from "../../core/errors/file-fault.ts";

/** Values of secrets by name, as a developer keeps them beside the source. */
export type DevVars = ReadonlyMap<string, Secret>;

/** Where they stand unless told otherwise. */
export const VARS_FILE = ".dev.vars";
const MAX_BYTES = 65_536;
const MAX_LINES = 1_000;
const NAME = /^[A-Z][A-Z0-9_]{0,63}$/;
/** Bits of the mode by which a group and all others may do anything. */
const OTHERS = 0o077;

const unquoted = (text: string): string => {
  const quote = text.charAt(0);
  return text.length >= 2 && (quote === '"' || quote === "'") && text.endsWith(quote)
    ? text.slice(1, -1)
    : text;
};

/**
 * `NAME=value` lines; blank lines and those that begin with `#` say nothing, quotes around a value are taken off, nothing
 * else is interpreted. Throws `DEV_VARS_INVALID`, which never holds a value.
 */
export const parseDevVars = (text: string, file: string): DevVars => {
  const refuse = (line: number, reason: string) =>
    fabricError("DEV_VARS_INVALID", { file, reason: `line ${line} ${reason}` });
  const vars = new Map<string, Secret>();
  const lines = text.split(/\r?\n/);
  if (lines.length > MAX_LINES) throw refuse(MAX_LINES + 1, "is one too many");
  for (const [at, line] of lines.entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const equals = trimmed.indexOf("=");
    // What stands before the sign may be half a secret where the sign is part of one: it is not repeated.
    const name = trimmed.slice(0, Math.max(0, equals)).trimEnd();
    if (!NAME.test(name)) throw refuse(at + 1, "does not begin with a name in capitals and =");
    if (vars.has(name)) throw refuse(at + 1, `names ${name} a second time`);
    const value = unquoted(trimmed.slice(equals + 1).trimStart());
    if (value === "") throw refuse(at + 1, `gives ${name} no value`);
    vars.set(name, new Secret(value));
  }
  return vars;
};

const readOwned = async (handle: FileHandle, file: string): Promise<string> => {
  const stats = await handle.stat();
  if (!stats.isFile()) throw fabricError("FILE_UNREADABLE", { file, reason: "it is not a file" });
  // Windows has no such bits.
  if (process.platform !== "win32" && (stats.mode & OTHERS) !== 0)
    throw fabricError("DEV_VARS_EXPOSED", { file });
  if (stats.size > MAX_BYTES)
    throw fabricError("DEV_VARS_INVALID", { file, reason: `it is above ${MAX_BYTES} bytes` });
  const bytes = Buffer.alloc(MAX_BYTES);
  const { bytesRead } = await handle.read(bytes, 0, MAX_BYTES, 0);
  return bytes.subarray(0, bytesRead).toString("utf8");
};

/**
 * Read them; null where there is no such file. Its owner alone may have any right to it.
 * Throws `DEV_VARS_EXPOSED`, `DEV_VARS_INVALID`, `FILE_UNREADABLE`.
 */
export const readDevVars = async (file: string): Promise<DevVars | null> => {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK a pipe that nobody writes to would be waited for.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw fabricError("FILE_UNREADABLE", { file, reason: fileFault(error) }, { cause: error });
  }
  try {
    return parseDevVars(await readOwned(handle, file), file);
  } finally {
    await handle.close();
  }
};
