import type { EvmAccount } from "../../adapters/evm/evm-account.ts";
import { registerKey } from "../../adapters/evm/register-key.ts";
import { digestHex, type Address, type Digest } from "../../core/ids.ts";

/** The key of a SIMULATED enclave, and what it was appraised by. */
export interface SignerAttestation {
  readonly signer: Address;
  /** Measurement that the key is attested for. */
  readonly workload: Digest;
  readonly evidenceId: Digest;
  readonly policyDigest: Digest;
  /** Last second of the attestation. */
  readonly notAfter: number;
}

/** A digest as contracts hold it. */
export const toBytes32 = (digest: Digest): string => `0x${digestHex(digest)}`;

/** Registers the key, or renews it, with the account as its only verifier. Throws `DEPLOYMENT_FAILED`. */
export const attestSigner = async (
  account: EvmAccount,
  keys: Address,
  attestation: SignerAttestation,
  options: { readonly signal: AbortSignal },
): Promise<void> =>
  await registerKey(
    account,
    keys,
    {
      key: attestation.signer,
      workload: toBytes32(attestation.workload),
      tee: "simulator",
      hardware: false,
      svn: 1,
      notAfter: attestation.notAfter,
      evidenceId: toBytes32(attestation.evidenceId),
      policyDigest: toBytes32(attestation.policyDigest),
    },
    [account.signer],
    options,
  );
