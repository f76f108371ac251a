import { open } from "node:fs/promises";

import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { fileFault } from "../core/errors/file-fault.ts";

const readAll = async (
  chunks: AsyncIterable<unknown>,
  limit: number,
  name: string,
): Promise<Buffer> => {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    const part = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += part.length;
    if (size > limit) throw fabricError("INPUT_TOO_LARGE", { what: name, size, limit });
    parts.push(part);
  }
  return Buffer.concat(parts);
};

/**
 * Bytes of a file, or of standard input for `-`, at most `limit`.
 * Throws `FILE_UNREADABLE`, `INPUT_TOO_LARGE`.
 */
export const readInput = async (
  file: string,
  options: { readonly limit: number; readonly signal: AbortSignal },
): Promise<Buffer> => {
  const { limit, signal } = options;
  try {
    if (file === "-") return await readAll(process.stdin, limit, "standard input");
    const handle = await open(file, "r");
    try {
      return await readAll(handle.createReadStream({ autoClose: false, signal }), limit, file);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isFabricError(error) || signal.aborted) throw error;
    throw fabricError("FILE_UNREADABLE", { file, reason: fileFault(error) }, { cause: error });
  }
};
