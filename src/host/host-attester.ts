import type { HostAttestation } from "../../enclave-sim/host/attestation-calls.ts";
import type { Attester } from "../attestation/attester.ts";
import { fabricError } from "../core/errors/fabric-error.ts";

/**
 * Evidence of this host's process over keys of its own channels, by the platform whose keys are sealed in the folder.
 * It speaks for no Cryptlet: purposes `register` and `host-ak` are refused with `EVIDENCE_PURPOSE_WRONG`.
 */
export const createHostAttester = (
  enclave: Pick<HostAttestation, "attestHost">,
  sealDirectory: string,
): Attester => ({
  attest: async ({ purpose, keys, nonce }, options) => {
    if (purpose !== "ra-tls" && purpose !== "kbs")
      throw fabricError("EVIDENCE_PURPOSE_WRONG", { purpose: "a host's channels", asked: purpose });
    const request = { sealDirectory, purpose, keys, ...(nonce === undefined ? {} : { nonce }) };
    const { evidence, notAfter } = await enclave.attestHost(request, options);
    return { evidence, notAfter };
  },
});
