import * as z from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { TrustAnchor } from "./trust-anchors.ts";
import { pemBlocks } from "./x509/pem-chain.ts";

/** The root of a simulator as a relying party writes it down: no hardware stands behind it. */
export const simulatedRootSchema = z.strictObject({
  name: z.string().min(1).max(128),
  /** PEM of the one root certificate. */
  certificate: z.string().max(4_096),
});
/** @see simulatedRootSchema */
export type SimulatedRoot = z.infer<typeof simulatedRootSchema>;

/**
 * The anchor of a simulator's root. That it is simulated is said here, by whoever loads it, and never read from it.
 * Throws `CERTIFICATE_INVALID`.
 */
export const createSimulatedAnchor = ({ name, certificate }: SimulatedRoot): TrustAnchor => {
  const [der, ...more] = pemBlocks(certificate);
  if (!der || more.length > 0)
    throw fabricError("CERTIFICATE_INVALID", { reason: "it is not one root certificate" });
  return { vendor: "intel", name, certificate: der, simulated: true };
};
