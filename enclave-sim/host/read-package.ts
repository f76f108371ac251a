import { constants, existsSync } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { fileFault } from "../../src/core/errors/file-fault.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { PACKAGE_LIMITS } from "../../src/core/limits.ts";
import { findJsonFault } from "../../src/sdk/json-fault.ts";
import { manifestSchema, type Manifest } from "../../src/sdk/manifest.ts";
import { codeFileOf } from "./code-file.ts";
import type { CryptletPackage } from "./enclave.ts";

export const MANIFEST_FILE = "cryptlet.json";
/** The publisher's signature over the enclave's measurement; a package may come without. */
export const SIGSTRUCT_FILE = "sigstruct.bin";
/** Size of SIGSTRUCT (Intel SDM volume 3D, table 35-21). */
const SIGSTRUCT_BYTES = 1_808;

const readBounded = async (directory: string, name: string, limit: number): Promise<Uint8Array> => {
  const file = path.join(directory, name);
  const unreadable = (reason: string, cause?: unknown) =>
    fabricError("PACKAGE_UNREADABLE", { path: file, reason }, { cause });
  try {
    // Without O_NONBLOCK a pipe that nobody writes to would be waited for.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw unreadable("it is not a file");
      if (stats.size > limit) throw unreadable(`it has ${stats.size} bytes, ${limit} are allowed`);
      // Never more than was asked for, also when the file grows meanwhile. A copy of its own: bytes that are measured
      // must not be shared.
      const bytes = new Uint8Array(stats.size);
      const { bytesRead } = await handle.read(bytes, 0, stats.size, 0);
      if (bytesRead !== stats.size) throw unreadable("it changed while it was read");
      return bytes;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Error && "errno" in error) throw unreadable(fileFault(error), error);
    throw error;
  }
};

/** Manifest of `cryptlet.json` bytes. Throws `PACKAGE_INVALID` with every fault. */
export const parseManifest = (bytes: Uint8Array, file: string): Manifest => {
  const invalid = (faults: string) => fabricError("PACKAGE_INVALID", { path: file, faults });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalid("its bytes are not UTF-8");
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw invalid(findJsonFault(text) ?? (error as Error).message);
  }
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw invalid(z.prettifyError(parsed.error));
};

/**
 * Read a built package. Its bytes are not run here.
 * Throws `PACKAGE_UNREADABLE`, `PACKAGE_INVALID`.
 * @example
 * ```ts
 * const gold = await readPackage("dist/cryptlets/gold-price");
 * ```
 */
export const readPackage = async (directory: string): Promise<CryptletPackage> => {
  const manifestBytes = await readBounded(directory, MANIFEST_FILE, PACKAGE_LIMITS.manifestBytes);
  const manifest = parseManifest(manifestBytes, path.join(directory, MANIFEST_FILE));
  const { name, maxBytes } = codeFileOf(manifest);
  const bundle = await readBounded(directory, name, maxBytes);
  const unsigned = { manifest, manifestBytes, bundle };
  if (!existsSync(path.join(directory, SIGSTRUCT_FILE))) return unsigned;
  return {
    ...unsigned,
    sigstruct: await readBounded(directory, SIGSTRUCT_FILE, SIGSTRUCT_BYTES),
  };
};

/**
 * The source map beside a package's code; null where there is none. It is neither run nor measured.
 * Throws `PACKAGE_UNREADABLE`.
 */
export const readSourceMap = async (
  directory: string,
  manifest: Pick<Manifest, "lane" | "language">,
): Promise<Uint8Array | null> => {
  const name = `${codeFileOf(manifest).name}.map`;
  if (!existsSync(path.join(directory, name))) return null;
  return readBounded(directory, name, PACKAGE_LIMITS.sourceMapBytes);
};
