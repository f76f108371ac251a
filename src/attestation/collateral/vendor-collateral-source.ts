import { createAmdKdsCollateralSource } from "./amd-kds-collateral-source.ts";
import type { CollateralSource } from "./collateral-source.ts";
import { createFileCollateralCache } from "./file-collateral-cache.ts";
import type { HttpsReaderOptions } from "./https-reader.ts";
import { createIntelPcsCollateralSource } from "./intel-pcs-collateral-source.ts";

type ServiceOptions = Partial<Omit<HttpsReaderOptions, "source">>;

/**
 * The vendors' own services: Intel's for SGX and TDX, AMD's for SEV-SNP, each asked for its own evidence only; with
 * `directory`, kept in a folder. Throws `CONFIG_INVALID` for an address.
 * @example
 * ```ts
 * const source = createVendorCollateralSource({ directory: "collateral" });
 * ```
 */
export const createVendorCollateralSource = (
  options: {
    readonly intel?: ServiceOptions;
    readonly amd?: ServiceOptions;
    readonly directory?: string;
  } = {},
): CollateralSource => {
  const intel = createIntelPcsCollateralSource(options.intel);
  const amd = createAmdKdsCollateralSource(options.amd);
  const source: CollateralSource = {
    fetch: (evidence, task) => (evidence.tee === "sev-snp" ? amd : intel).fetch(evidence, task),
  };
  const { directory } = options;
  return directory === undefined ? source : createFileCollateralCache({ directory, source });
};
