import { existsSync } from "node:fs";
import path from "node:path";

import { buildPackage } from "../../enclave-sim/host/build-package.ts";
import { CODE_FILES } from "../../enclave-sim/host/code-file.ts";
import type { CryptletPackage } from "../../enclave-sim/host/enclave.ts";
import { readPackage } from "../../enclave-sim/host/read-package.ts";

/** A built package as it is; the source folder of one is built first, as `cryptlet build` would. Throws `PACKAGE_*`. */
export const openPackage = async (
  folder: string,
): Promise<{ readonly found: CryptletPackage; readonly built: boolean }> =>
  CODE_FILES.some((name) => existsSync(path.join(folder, name)))
    ? { found: await readPackage(folder), built: false }
    : { found: await buildPackage(folder), built: true };
