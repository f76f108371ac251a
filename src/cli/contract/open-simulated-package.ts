import path from "node:path";
import type { FabricConfig } from "../../core/config/schema.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { silentLog } from "../../core/log.ts";
import { openOnePackage } from "../../host/open-cryptlet-package.ts";
import { type AppraisedSigner, appraiseSigner } from "./appraise-signer.ts";

/**
 * The package of a configured Cryptlet with its secrets in the clear, for the simulated enclave that `contract deploy`
 * starts. Throws `CRYPTLET_UNKNOWN`, `SIMULATED_NOT_ALLOWED` and what reading a package throws.
 */
export const openSimulatedPackage = async (config: FabricConfig, cryptlet: string) => {
  const entry = config.cryptlets.find((one) => one.id === cryptlet);
  if (entry === undefined) throw fabricError("CRYPTLET_UNKNOWN", { cryptlet });
  if (!config.enclave.insecureAllowSimulated)
    throw fabricError("SIMULATED_NOT_ALLOWED", { cryptlet: entry.id });
  const { found } = await openOnePackage(config, entry, { log: silentLog });
  const secrets = Object.fromEntries(
    Object.entries(entry.secrets).map(([name, secret]) => [name, secret.reveal()]),
  );
  return { found, secrets };
};

/** Starts the package's enclave where the configured host will find its keys, and appraises them as a verifier. */
export const appraiseDeployed = async (
  config: FabricConfig,
  { found, secrets }: Awaited<ReturnType<typeof openSimulatedPackage>>,
  signal: AbortSignal,
): Promise<AppraisedSigner> =>
  await appraiseSigner({
    found,
    fabric: config.fabric,
    secrets,
    sealDirectory: path.join(config.dataDirectory, "sealed"),
    policy: "contract-deploy",
    signal,
  });
