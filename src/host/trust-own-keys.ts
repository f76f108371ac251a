import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { cryptletIdSchema, type FabricId } from "../core/ids.ts";
import type { TrustPolicy } from "../envelope/trust-policy.ts";

/** How far a clock beside ours may run ahead, in ms. */
const CLOCK_SKEW_MS = 60_000;

/**
 * What this host's adapters accept from the bus: the keys of the Cryptlets that it loaded itself, each for its own
 * Cryptlet in this fabric only. Whoever can write to the bus cannot get another envelope on chain.
 */
export const trustOwnKeys = (
  fabric: FabricId,
  cryptlets: Iterable<LoadedCryptlet>,
): TrustPolicy => ({
  id: `host-${fabric}`,
  keys: [...cryptlets].flatMap((cryptlet) =>
    cryptlet.keys.map((key) => ({
      key,
      scope: { fabrics: [fabric], cryptlets: [cryptletIdSchema.parse(cryptlet.id)], feeds: null },
      notBefore: null,
      notAfter: null,
    })),
  ),
  attested: null,
  threshold: 1,
  requireEvidence: false,
  allowSimulated: true,
  allowEmulated: true,
  maxAgeMs: null,
  clockSkewMs: CLOCK_SKEW_MS,
});
