import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { fabricError } from "../core/errors/fabric-error.ts";
import { fileFault } from "../core/errors/file-fault.ts";

/**
 * Text of a regular file of at most `limit` bytes of UTF-8. A link is followed nowhere, a pipe is not waited for.
 * Throws `FILE_UNREADABLE`.
 */
export const readBoundedFile = async (file: string, limit: number): Promise<string> => {
  const refuse = (reason: string, cause?: unknown) =>
    fabricError("FILE_UNREADABLE", { file, reason }, { cause });
  const handle = await open(
    file,
    constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW,
  ).catch((error: unknown) => {
    throw refuse(fileFault(error), error);
  });
  try {
    const { size, isFile } = await handle
      .stat()
      .then((stats) => ({ size: stats.size, isFile: stats.isFile() }));
    if (!isFile) throw refuse("it is not a file");
    if (size > limit) throw refuse(`it has ${size} bytes, ${limit} are allowed`);
    const bytes = new Uint8Array(size);
    const { bytesRead } = await handle.read(bytes, 0, size, 0);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, bytesRead));
  } catch (error) {
    if (error instanceof TypeError) throw refuse("it is not UTF-8", error);
    throw error;
  } finally {
    await handle.close();
  }
};
