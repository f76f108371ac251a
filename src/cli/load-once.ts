import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import type { CryptletPackage, LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { fabricIdSchema } from "../core/ids.ts";
import { createTemporaryFolder } from "./temporary-folder.ts";

/**
 * Load a package in an enclave of its own, with keys that are thrown away: the memory that its code leaves is part of the
 * measurement, so that measuring means running. Throws `PACKAGE_*`, `SIGSTRUCT_*`, `CRYPTLET_INIT_FAILED`.
 */
export const loadOnce = async <Answer>(
  found: CryptletPackage,
  signal: AbortSignal,
  use: (loaded: LoadedCryptlet) => Answer | Promise<Answer>,
): Promise<Answer> => {
  const folder = createTemporaryFolder("cryptlet-measure-");
  const enclave = createEnclave();
  const names = found.manifest.capabilities.secrets?.map(({ name }) => name) ?? [];
  try {
    const loaded = await enclave.load(
      found,
      {
        fabric: fabricIdSchema.parse("measure"),
        // Values are configuration and not measured.
        secrets: Object.fromEntries(names.map((name) => [name, "not-a-secret"])),
        sources: { mode: "live", allowPrivateAddresses: false },
        feeds: [],
        sealDirectory: folder.path,
      },
      { signal },
    );
    return await use(loaded);
  } finally {
    await enclave.close();
    await folder.remove();
  }
};
