import { INTEL_SGX_ROOT } from "./dcap/intel-root.ts";
import { AWS_NITRO_ROOT } from "./nitro/aws-root.ts";
import { AMD_ROOTS } from "./sev-snp/amd-roots.ts";
import type { TrustAnchors } from "./trust-anchors.ts";

/**
 * The vendors' own roots: what a verifier believes that was told nothing else. None is simulated.
 * @example
 * ```ts
 * import { HARDWARE_ANCHORS } from "cryptlet-fabric/client";
 *
 * console.log(typeof HARDWARE_ANCHORS); // object
 * ```
 */
export const HARDWARE_ANCHORS: TrustAnchors = [
  INTEL_SGX_ROOT,
  AWS_NITRO_ROOT,
  ...Object.values(AMD_ROOTS),
];
