import path from "node:path";

import { CODE_FILES } from "../../../enclave-sim/host/code-file.ts";
import { buildPackage } from "../../../enclave-sim/host/build-package.ts";
import type { CryptletPackage } from "../../../enclave-sim/host/enclave.ts";
import { readPackage, readSourceMap } from "../../../enclave-sim/host/read-package.ts";
import { createSourceMapper, type SourceMapper } from "../../../enclave-sim/host/source-mapper.ts";
import { existsSync } from "node:fs";
import { fabricError } from "../../core/errors/fabric-error.ts";

/** A package that is run, and the way back to its source where there is one. */
export interface RunSubject {
  readonly found: CryptletPackage;
  readonly mapper: SourceMapper | null;
  /** Whether it was built just now. */
  readonly built: boolean;
}

/** A built package as it is, a source folder built first. Throws `PACKAGE_*`, `SOURCE_FORBIDDEN`. */
export const openRunSubject = async (folder: string, signal: AbortSignal): Promise<RunSubject> => {
  const isBuilt = CODE_FILES.some((name) => existsSync(path.join(folder, name)));
  if (!isBuilt) {
    const built = await buildPackage(folder, { signal });
    return { found: built, mapper: mapperOf(built.sourceMap), built: true };
  }
  const found = await readPackage(folder);
  const map = await readSourceMap(folder, found.manifest).catch(() => null);
  return { found, mapper: mapperOf(map), built: false };
};

/** Without a map, or with one that is broken, a run goes on: places are then those of the built code. */
const mapperOf = (map: Uint8Array | null): SourceMapper | null => {
  if (map === null || map.length === 0) return null;
  try {
    return createSourceMapper(map);
  } catch {
    return null;
  }
};

/** The feed that is meant: the one that is named, or the only one. Throws `USAGE_INVALID`, `FEED_NOT_DECLARED`. */
export const chooseFeed = ({ manifest }: CryptletPackage, named: string | undefined) => {
  const [only, ...others] = manifest.feeds;
  if (named === undefined) {
    if (only && others.length === 0) return only;
    const names = manifest.feeds.map(({ id }) => id).join(", ");
    throw fabricError("USAGE_INVALID", { fault: `--feed must name one of ${names}` });
  }
  const found = manifest.feeds.find(({ id }) => id === named);
  if (found) return found;
  throw fabricError("FEED_NOT_DECLARED", { cryptlet: manifest.id, feed: named });
};
