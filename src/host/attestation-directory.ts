import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { CryptletId } from "../core/ids.ts";
import { viewKey } from "./cryptlet-directory.ts";
import type { AttestationDirectory, FreshEvidence } from "./fabric.ts";

/** Quotes that are made at one time; whoever comes later is sent away and not kept waiting. */
const MAX_UNDER_WAY = 16;
/** Cryptlets that one question without a name is answered for: an answer stays below half a megabyte. */
const MAX_CRYPTLETS = 8;

const attest = async (
  id: CryptletId,
  cryptlet: LoadedCryptlet,
  nonce: string,
  call: { readonly signal?: AbortSignal },
): Promise<FreshEvidence> => {
  const fresh = await cryptlet.renewEvidence({ nonce, purpose: "register" }, call);
  return {
    cryptlet: id,
    measurement: cryptlet.measurement,
    keys: fresh.keys.map(viewKey),
    evidence: fresh.evidence,
    platformRoot: cryptlet.platformRoot,
    notAfter: fresh.notAfter,
    // The only enclave driver of this version is the simulator.
    simulated: true,
  };
};

/** Fresh evidence for whoever asks. Throws `CRYPTLET_UNKNOWN`, `ATTESTATION_BUSY`. */
export const createAttestationDirectory = (
  cryptlets: ReadonlyMap<CryptletId, LoadedCryptlet>,
): AttestationDirectory => {
  let underWay = 0;
  const chosen = (id: CryptletId | null): readonly (readonly [CryptletId, LoadedCryptlet])[] => {
    if (id === null)
      return [...cryptlets].toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, MAX_CRYPTLETS);
    const cryptlet = cryptlets.get(id);
    if (!cryptlet) throw fabricError("CRYPTLET_UNKNOWN", { cryptlet: id });
    return [[id, cryptlet]];
  };
  return {
    fresh: async ({ nonce, cryptlet }, call = {}) => {
      const asked = chosen(cryptlet);
      if (underWay + asked.length > MAX_UNDER_WAY)
        throw fabricError("ATTESTATION_BUSY", { limit: MAX_UNDER_WAY });
      underWay += asked.length;
      try {
        const evidence = await Promise.all(
          asked.map(([id, loaded]) => attest(id, loaded, nonce, call)),
        );
        return { evidence, omitted: cryptlet === null ? cryptlets.size - evidence.length : 0 };
      } finally {
        underWay -= asked.length;
      }
    },
  };
};
