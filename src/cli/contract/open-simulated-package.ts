import { readPackage } from "../../../enclave-sim/host/read-package.ts";
import type { FabricConfig } from "../../core/config/schema.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";

/**
 * The package of a configured Cryptlet with its secrets in the clear, for the simulated enclave that `contract deploy`
 * starts. Throws `CRYPTLET_UNKNOWN`, `SIMULATED_NOT_ALLOWED` and what reading a package throws.
 */
export const openSimulatedPackage = async (config: FabricConfig, cryptlet: string) => {
  const entry = config.cryptlets.find((one) => one.id === cryptlet);
  if (entry === undefined) throw fabricError("CRYPTLET_UNKNOWN", { cryptlet });
  if (!config.enclave.insecureAllowSimulated)
    throw fabricError("SIMULATED_NOT_ALLOWED", { cryptlet: entry.id });
  const found = await readPackage(entry.package);
  const secrets = Object.fromEntries(
    Object.entries(entry.secrets).map(([name, secret]) => [name, secret.reveal()]),
  );
  return { found, secrets };
};
