import { createEnclave } from "../../../enclave-sim/host/create-enclave.ts";
import type { CryptletPackage, LoadedCryptlet } from "../../../enclave-sim/host/enclave.ts";
import {
  type AppraisalPolicy,
  parseAppraisalPolicy,
  policyDigest,
} from "../../attestation/appraisal-policy.ts";
import { createPolicyWorkloadAppraiser } from "../../attestation/policy-workload-appraiser.ts";
import { createSimulatedAnchor, type SimulatedRoot } from "../../attestation/simulated-anchor.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Address, Digest, FabricId } from "../../core/ids.ts";
import type { KeyRecord } from "../../crypto/key-record.ts";

/** A Cryptlet's enclave as a verifier saw it before any contract trusts its key. */
export interface AppraisedSigner {
  readonly measurement: Digest;
  /** EVM address of the key that contracts check. */
  readonly address: Address;
  readonly keys: readonly KeyRecord[];
  readonly evidenceId: Digest;
  readonly policyDigest: Digest;
  readonly appraisal: AppraisalPolicy;
  /** The only anchor that was believed. */
  readonly root: SimulatedRoot;
}

/** A developer's debugger and an old Node are no attack where nothing protects the machine anyway. */
const developmentPolicy = (id: string, measurement: Digest): AppraisalPolicy =>
  parseAppraisalPolicy({
    id,
    allowSimulated: true,
    allowDebug: true,
    tees: ["sgx"],
    tcb: { accept: ["UpToDate", "OutOfDate"] },
    anyOf: [{ measurements: [measurement] }],
  });

/**
 * Appraise a loaded Cryptlet's evidence in the part of a verifier who trusts this machine's own simulated platform.
 * Throws what the appraisal throws, `DEPLOYMENT_FAILED` for a Cryptlet without a key for contracts.
 */
export const appraiseLoaded = async (
  cryptlet: Pick<LoadedCryptlet, "id" | "measurement" | "evidence" | "platformRoot" | "keys">,
  options: {
    /** Id of the appraisal policy. */
    readonly policy: string;
    /** ms since epoch. */
    readonly at: number;
    readonly signal: AbortSignal;
  },
): Promise<AppraisedSigner> => {
  const { measurement, evidence, platformRoot, keys } = cryptlet;
  const address = keys.find((key) => key.address !== undefined)?.address;
  if (address === undefined)
    throw fabricError("DEPLOYMENT_FAILED", {
      what: `the key of ${cryptlet.id}`,
      reason: "its enclave has none for contracts",
    });
  const appraisal = developmentPolicy(options.policy, measurement);
  const root = { name: "simulated platform of this machine", certificate: platformRoot };
  const anchors = [createSimulatedAnchor(root)];
  const workload = await createPolicyWorkloadAppraiser(appraisal, { anchors }).appraise(
    evidence,
    { purpose: "register", at: options.at },
    { signal: options.signal },
  );
  return {
    measurement,
    address,
    keys: workload.keys,
    evidenceId: workload.evidenceId,
    policyDigest: policyDigest(appraisal),
    appraisal,
    root,
  };
};

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
    const loaded = await enclave.load(
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
    return await appraiseLoaded(loaded, { policy: options.policy, at: Date.now(), signal });
  } finally {
    await enclave.close();
  }
};
