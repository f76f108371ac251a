import path from "node:path";

import type { CryptletPackage } from "../../../enclave-sim/host/enclave.ts";
import { readPackage } from "../../../enclave-sim/host/read-package.ts";
import type { TrustFile } from "../trust-input.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { fabricIdSchema, type Address, type Digest } from "../../core/ids.ts";
import type { TrustPolicy } from "../../envelope/trust-policy.ts";
import { builtFile } from "../built-file.ts";
import { appraiseSigner } from "../contract/appraise-signer.ts";

type Manifest = CryptletPackage["manifest"];

/** The gold Cryptlet's enclave as a verifier saw it before any contract trusts its key. */
export interface DemoEnclave {
  readonly manifest: Manifest;
  readonly measurement: Digest;
  /** EVM address of the key that contracts check. */
  readonly signer: Address;
  readonly evidenceId: Digest;
  readonly policyDigest: Digest;
  /** What the demo believes from here on, as a trust file holds it. */
  readonly trust: TrustFile;
}

const ANY_FEED = { cryptlets: null, feeds: null };

/** Folder of the built gold package. */
export const goldPackage = (): string => builtFile("cryptlets", "gold-price");

/** What the demo's manifest must hold: the one decimal feed that it plays. */
export const goldFeedOf = (manifest: Manifest) => {
  const [feed] = manifest.feeds;
  if (feed?.kind === "decimal") return feed;
  throw fabricError("DEMO_UNEXPECTED", { expected: "a decimal feed", actual: manifest.id });
};

/**
 * Start the enclave once, before the fabric: makes and seals its keys, and appraises its evidence as a verifier
 * would. The fabric that starts later on the same folder finds the same keys.
 */
export const prepareEnclave = async (options: {
  readonly fabric: string;
  /** The fabric's data directory. */
  readonly dataDirectory: string;
  readonly signal: AbortSignal;
}): Promise<DemoEnclave> => {
  const fabric = fabricIdSchema.parse(options.fabric);
  const found = await readPackage(goldPackage());
  const signer = await appraiseSigner({
    found,
    fabric,
    secrets: {},
    sealDirectory: path.join(options.dataDirectory, "sealed"),
    policy: "demo-appraisal",
    signal: options.signal,
  });
  const { measurement, evidenceId, policyDigest, appraisal, root } = signer;
  const policy: TrustPolicy = {
    id: "demo-trust",
    // By name, now that their evidence was appraised: a consumer remembers keys and not how it met them.
    keys: signer.keys.map((key) => ({
      key,
      scope: { ...ANY_FEED, fabrics: [fabric] },
      notBefore: null,
      notAfter: null,
    })),
    attested: null,
    threshold: 1,
    requireEvidence: true,
    allowSimulated: true,
    allowEmulated: true,
    maxAgeMs: null,
    clockSkewMs: 60_000,
  };
  return {
    manifest: found.manifest,
    measurement,
    signer: signer.address,
    evidenceId,
    policyDigest,
    trust: { policy, appraisal, insecureSimulatedRoots: [root] },
  };
};
