import type { DcapCollateral } from "../../src/attestation/collateral/collateral.ts";
import { createSigningKey, type SigningKey } from "../../src/crypto/key-record.ts";
import { derive, quotingKey } from "./platform-keys.ts";
import { createQuotingEnclave } from "./quoting-enclave.ts";
import { type SgxReport, type TdReport, writeSgxReport, writeTdReport } from "./report-body.ts";
import { createSimulatedPki, HOUR_MS } from "./simulated-pki.ts";
import { issueCollateral, type PcsOptions } from "./software-pcs.ts";
import { PCE_SVN, securityVersions, type SimulatedTee } from "./tcb-encoding.ts";
import { nodeSecurityLevel } from "./tcb-levels.ts";
import { certificatesToPem } from "./write-certificate.ts";

/** What a quote is about, without what the platform itself adds. */
export type QuoteRequest =
  | ({ readonly tee: "sgx" } & Omit<SgxReport, "cpuSvn" | "provisioning">)
  | ({ readonly tee: "tdx" } & Omit<TdReport, "teeTcbSvn">);

/** One simulated machine: no hardware protects anything of it. */
export interface SimulatedPlatform {
  /** DER and PEM of its root. Whoever takes it as an anchor must mark it simulated. */
  readonly root: Uint8Array;
  readonly rootPem: string;
  /** Signs layer 1 for the host's Cryptlets. */
  readonly hostKey: SigningKey;
  /** Security versions of the running platform: what seals are bound to. */
  readonly cpuSvn: Uint8Array;
  /** A quote of now; `at` in ms since epoch decides which certificates it carries. */
  quote(request: QuoteRequest, at: number): Uint8Array;
  /** What a provisioning service would answer at that time; the same bytes within an hour. */
  collateral(tee: SimulatedTee, at: number, options?: PcsOptions): DcapCollateral;
}

/**
 * The platform of a seed (32 secret bytes), made at `createdAt` (ms since epoch), on a version of Node.
 * @example
 * ```ts
 * const platform = createSimulatedPlatform(seed, { createdAt: clock.now(), nodeVersion: process.versions.node });
 * const quote = platform.quote({ tee: "sgx", ...report }, clock.now());
 * ```
 */
export const createSimulatedPlatform = (
  seed: Uint8Array,
  options: { readonly createdAt: number; readonly nodeVersion: string },
): SimulatedPlatform => {
  const level = nodeSecurityLevel(options.nodeVersion);
  const cpuSvn = securityVersions("sgx", level);
  const teeTcbSvn = securityVersions("tdx", level);
  const versions = { cpuSvn, pceSvn: PCE_SVN };
  const pki = createSimulatedPki(seed, { createdAt: options.createdAt, ...versions });
  const quoting = createQuotingEnclave({
    attestationKey: quotingKey(seed, "attestation"),
    pckKey: pki.pckKey,
    ...versions,
  });
  const held = new Map<SimulatedTee, { readonly hour: number; readonly issued: DcapCollateral }>();
  return {
    root: pki.root,
    rootPem: certificatesToPem(pki.root),
    hostKey: createSigningKey("ed25519", derive(seed, "host-attestation", 32)),
    cpuSvn,
    quote: (request, at) => {
      const report =
        request.tee === "sgx"
          ? writeSgxReport({ ...request, cpuSvn })
          : writeTdReport({ ...request, teeTcbSvn });
      return quoting.quote(request.tee, report, pki.pckChain(at));
    },
    collateral: (tee, at, pcs) => {
      if (pcs) return issueCollateral(pki, { tee, at, ...pcs });
      const hour = Math.floor(at / HOUR_MS);
      const known = held.get(tee);
      if (known?.hour === hour) return known.issued;
      const issued = issueCollateral(pki, { tee, at });
      held.set(tee, { hour, issued });
      return issued;
    },
  };
};
