import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Evidence } from "../envelope/bundle.ts";

/** Evidence holds for 30 days and its collateral for 31: a day that fails may be tried again many times. */
const RENEW_MS = 86_400_000;
/** Pause after a renewal that failed, ms. */
const RETRY_MS = 600_000;

/** The evidence that stands behind what is signed now. */
export interface EvidenceRenewal {
  of(cryptlet: LoadedCryptlet): Evidence;
  stop(): Promise<void>;
}

/**
 * Renews the evidence of every Cryptlet once a day, so that a bundle never carries evidence or collateral that is about
 * to expire. A Cryptlet whose renewal fails goes on with what it has.
 */
export const startEvidenceRenewal = (parts: {
  readonly cryptlets: Iterable<LoadedCryptlet>;
  readonly clock: Clock;
  readonly log: Log;
}): EvidenceRenewal => {
  const { clock, log } = parts;
  const cryptlets = [...parts.cryptlets];
  const newest = new Map<LoadedCryptlet, Evidence>();
  const stopping = new AbortController();
  const { signal } = stopping;

  const renewAll = async (): Promise<boolean> => {
    let all = true;
    for (const cryptlet of cryptlets) {
      try {
        const { evidence } = await cryptlet.renewEvidence({}, { signal });
        newest.set(cryptlet, evidence);
      } catch (error) {
        if (signal.aborted) return all;
        all = false;
        log.warn("evidence could not be renewed; it is tried again", {
          cryptlet: cryptlet.id,
          error,
        });
      }
    }
    return all;
  };
  const loop = async (): Promise<void> => {
    let pause = RENEW_MS;
    while (!signal.aborted) {
      await clock.sleep(pause, { signal }).catch(() => undefined);
      if (!signal.aborted) pause = (await renewAll()) ? RENEW_MS : RETRY_MS;
    }
  };
  const ended = loop();
  return {
    of: (cryptlet) => newest.get(cryptlet) ?? cryptlet.evidence,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
};
