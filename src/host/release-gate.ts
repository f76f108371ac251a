import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { fabricError } from "../core/errors/fabric-error.ts";

/** Whether a release in use may go on. */
export interface ReleaseGate {
  /** Reason of the revocation that stops it; null while it may run. */
  readonly stopped: string | null;
}

/**
 * A loaded Cryptlet that neither runs nor signs any more once its gate is shut: what a revoked release says is said by
 * nobody. Keys and evidence stay, so that what was signed before can be verified.
 */
export const gateRelease = (
  cryptlet: LoadedCryptlet,
  release: string,
  gate: ReleaseGate,
): LoadedCryptlet => {
  const pass = async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    if (gate.stopped !== null)
      throw fabricError("RELEASE_REVOKED", { release, reason: gate.stopped });
    return await work();
  };
  return {
    ...cryptlet,
    run: (trigger, options) => pass(() => cryptlet.run(trigger, options)),
    sign: (request, call) => pass(() => cryptlet.sign(request, call)),
    signBatch: (request, call) => pass(() => cryptlet.signBatch(request, call)),
    endorse: (proposal, call) => pass(() => cryptlet.endorse(proposal, call)),
  };
};
