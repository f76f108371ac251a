import { createEnclave } from "../../../enclave-sim/host/create-enclave.ts";
import type { CryptletPackage } from "../../../enclave-sim/host/enclave.ts";
import type { SimulatedPolicy } from "../../attestation/simulated-policy.ts";
import { appraiseSimulated, type SimulatedResult } from "../../attestation/appraise-simulated.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Address, Digest, FabricId } from "../../core/ids.ts";
import { digestOf } from "../../crypto/hashes.ts";
import { canonicalJson } from "../../envelope/canonical-json.ts";

/** A Cryptlet's enclave as a verifier saw it before any contract trusts its key. */
export interface AppraisedSigner {
  readonly measurement: Digest;
  /** EVM address of the key that contracts check. */
  readonly address: Address;
  readonly keys: SimulatedResult["keys"];
  readonly evidenceId: Digest;
  readonly policyDigest: Digest;
  readonly appraisal: SimulatedPolicy;
}

/**
 * Start a Cryptlet's enclave once and appraise its evidence in the part of a verifier: makes and seals its keys. The
 * fabric that later starts on the same folder finds the same keys. It trusts this machine's own simulated platform.
 */
export const appraiseSigner = async (options: {
  readonly found: CryptletPackage;
  readonly fabric: FabricId;
  readonly secrets: Readonly<Record<string, string>>;
  /** Where the fabric seals its keys. */
  readonly sealDirectory: string;
  /** Id of the appraisal policy. */
  readonly policy: string;
  readonly signal: AbortSignal;
}): Promise<AppraisedSigner> => {
  const { found, fabric, secrets, sealDirectory, signal } = options;
  const enclave = createEnclave();
  try {
    const { measurement, evidence, platformKey, keys } = await enclave.load(
      found,
      {
        fabric,
        secrets,
        sources: { mode: "live", allowPrivateAddresses: false },
        feeds: [],
        sealDirectory,
      },
      { signal },
    );
    const address = keys.find((key) => key.address !== undefined)?.address;
    if (address === undefined)
      throw fabricError("DEPLOYMENT_FAILED", {
        what: `the key of ${found.manifest.id}`,
        reason: "its enclave has none for contracts",
      });
    const appraisal: SimulatedPolicy = {
      id: options.policy,
      allowSimulated: true,
      // A developer's debugger is no attack where nothing protects the machine anyway.
      allowDebug: true,
      anchors: [{ name: "simulated platform of this machine", key: platformKey, simulated: true }],
      measurements: [measurement],
    };
    const result = appraiseSimulated(evidence, appraisal, Date.now());
    return {
      measurement,
      address,
      keys: result.keys,
      evidenceId: result.evidenceId,
      policyDigest: digestOf(Buffer.from(canonicalJson(appraisal), "utf8")),
      appraisal,
    };
  } finally {
    await enclave.close();
  }
};
