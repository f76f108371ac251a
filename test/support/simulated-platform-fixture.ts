import { createSimulatedPlatform } from "../../enclave-sim/platform/simulated-platform.ts";
import type { PcsOptions } from "../../enclave-sim/platform/software-pcs.ts";
import { verifyDcapQuote } from "../../src/attestation/dcap/verify-dcap-quote.ts";
import type { TrustAnchor } from "../../src/attestation/trust-anchors.ts";

/** 2026-06-01, noon. */
export const PLATFORM_AT = 1_780_315_200_000;
/** Has every security release of the table. */
export const PATCHED_NODE = "24.14.1";

const filled = (bytes: number, value: number) => new Uint8Array(bytes).fill(value);

/** A platform of a fixed seed with the two kinds of quotes, and the strict verifier under its own root. */
export const createPlatformFixture = (
  options: {
    readonly seed?: number;
    readonly nodeVersion?: string;
    readonly createdAt?: number;
  } = {},
) => {
  const { seed = 7, nodeVersion = PATCHED_NODE, createdAt = PLATFORM_AT } = options;
  const platform = createSimulatedPlatform(filled(32, seed), {
    createdAt,
    nodeVersion,
  });
  const anchor: TrustAnchor = {
    vendor: "intel",
    name: "simulator",
    certificate: platform.root,
    simulated: true,
  };
  const quote = (tee: "sgx" | "tdx", change: { debug?: boolean; at?: number } = {}) => {
    const { debug = false, at = PLATFORM_AT } = change;
    const reportData = filled(64, 9);
    return tee === "sgx"
      ? platform.quote(
          {
            tee,
            debug,
            reportData,
            mrenclave: filled(32, 1),
            mrsigner: filled(32, 2),
            configId: filled(32, 3),
            prodId: 4,
            svn: 5,
          },
          at,
        )
      : platform.quote(
          { tee, debug, reportData, mrConfigId: filled(32, 3), rtmr3: filled(48, 6) },
          at,
        );
  };
  const verify = (
    bytes: Uint8Array,
    tee: "sgx" | "tdx",
    change: { at?: number; pcs?: PcsOptions; anchors?: readonly TrustAnchor[] } = {},
  ) => {
    const { at = PLATFORM_AT, pcs, anchors = [anchor] } = change;
    return verifyDcapQuote(bytes, { collateral: platform.collateral(tee, at, pcs), anchors, at });
  };
  return { platform, anchor, quote, verify };
};
