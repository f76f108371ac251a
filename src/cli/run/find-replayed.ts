import { existsSync } from "node:fs";
import path from "node:path";

import type { CryptletPackage } from "../../../enclave-sim/host/enclave.ts";
import { measureBuilt } from "../../../enclave-sim/host/measure-built.ts";
import { MANIFEST_FILE } from "../../../enclave-sim/host/read-package.ts";
import type { Transcript } from "../../../enclave-sim/protocol/transcript.ts";
import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { defaultOutput } from "../build/build-report.ts";
import { builtFile } from "../built-file.ts";
import { openPackage } from "../open-package.ts";

/** A package that a recorded run may be of, and where it lies. */
interface Replayed {
  readonly folder: string;
  readonly found: CryptletPackage;
}

/** The package in a folder when it has that name and measurement; null for any other, and for what does not build. */
const ifFits = async (
  folder: string,
  { id, measurement }: Transcript["cryptlet"],
  signal: AbortSignal,
): Promise<Replayed | null> => {
  if (!existsSync(path.join(folder, MANIFEST_FILE))) return null;
  try {
    const { found } = await openPackage(folder);
    if (found.manifest.id !== id) return null;
    return (await measureBuilt(found, { signal })) === measurement ? { folder, found } : null;
  } catch (error) {
    if (!isFabricError(error) || signal.aborted) throw error;
    return null;
  }
};

/**
 * The package of a recorded run: the one that is named, whatever it is; else this folder's, as source or as it was built
 * here, when its measurement is the recorded one; else the one of that name that ships with the fabric.
 * Throws `PACKAGE_*`, `USAGE_INVALID` where none is known.
 */
export const findReplayed = async (
  cryptlet: Transcript["cryptlet"],
  named: string | undefined,
  signal: AbortSignal,
): Promise<Replayed> => {
  if (named !== undefined) return { folder: named, found: (await openPackage(named)).found };
  for (const folder of [".", defaultOutput(cryptlet.id)]) {
    const fitting = await ifFits(folder, cryptlet, signal);
    if (fitting) return fitting;
  }
  const shipped = builtFile("cryptlets", cryptlet.id);
  if (existsSync(shipped)) return { folder: shipped, found: (await openPackage(shipped)).found };
  throw fabricError("USAGE_INVALID", {
    fault: `neither this folder nor the fabric has ${cryptlet.id} of measurement ${cryptlet.measurement}: name its package with --package`,
  });
};
