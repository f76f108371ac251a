import { existsSync } from "node:fs";
import path from "node:path";

import { buildPackage, type BuiltPackage } from "../../../enclave-sim/host/build-package.ts";
import { CODE_FILES, codeFileOf } from "../../../enclave-sim/host/code-file.ts";
import type { CryptletPackage } from "../../../enclave-sim/host/enclave.ts";
import { readPackage } from "../../../enclave-sim/host/read-package.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { bytesEqual } from "../../crypto/bytes.ts";
import { README_FILE } from "../../registry/open-release.ts";
import { MAX_FILE_BYTES } from "../../registry/package-statement.ts";
import type { ReleaseInput } from "../../registry/prepare-release.ts";
import { loadOnce } from "../load-once.ts";
import { readInput } from "../read-input.ts";
import { listSourceDigests } from "./source-digests.ts";

const readIfThere = async (
  file: string,
  limit: number,
  signal: AbortSignal,
): Promise<Uint8Array | null> =>
  existsSync(file) ? new Uint8Array(await readInput(file, { limit, signal })) : null;

const sameBytes = (built: BuiltPackage, found: CryptletPackage): boolean =>
  bytesEqual(built.bundle, found.bundle) && bytesEqual(built.manifestBytes, found.manifestBytes);

/**
 * What is published of a folder: of a source folder what it builds into, of a built one what is there. With `source`, the
 * built package must be what that folder builds into, byte for byte, and the provenance names its sources.
 * Throws `PACKAGE_*`, `SOURCE_NOT_THIS_PACKAGE`, `CRYPTLET_INIT_FAILED`, `FILE_*`.
 */
export const collectRelease = async (
  folder: string,
  options: {
    readonly source: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<Omit<ReleaseInput, "previous" | "tools">> => {
  const { source, signal } = options;
  const isBuilt = CODE_FILES.some((name) => existsSync(path.join(folder, name)));
  const sourceFolder = isBuilt ? source : folder;
  const built = sourceFolder === undefined ? null : await buildPackage(sourceFolder, { signal });
  const cryptlet = isBuilt || !built ? await readPackage(folder) : built;
  if (isBuilt && built && !sameBytes(built, cryptlet))
    throw fabricError("SOURCE_NOT_THIS_PACKAGE", { source: source ?? "", package: folder });
  const mapFile = path.join(folder, `${codeFileOf(cryptlet.manifest).name}.map`);
  const measurement = await loadOnce(cryptlet, signal, (loaded) => loaded.measurement);
  return {
    cryptlet,
    sourceMap: built?.sourceMap ?? (await readIfThere(mapFile, MAX_FILE_BYTES.sourceMap, signal)),
    readme: await readIfThere(
      path.join(sourceFolder ?? folder, README_FILE),
      MAX_FILE_BYTES.readme,
      signal,
    ),
    measurement,
    sources:
      sourceFolder === undefined ? [] : await listSourceDigests(sourceFolder, cryptlet.manifest),
    at: Date.now(),
  };
};
