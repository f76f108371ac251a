import { z } from "zod";

import { type AppraisalPolicy, appraisalPolicySchema } from "../attestation/appraisal-policy.ts";
import { type Appraised, appraiseOne, refusedResult } from "../attestation/appraise.ts";
import type { CollateralSource } from "../attestation/collateral/collateral-source.ts";
import { findCollateral } from "../attestation/collateral/find-collateral.ts";
import { refusalReason } from "../attestation/appraisal-remarks.ts";
import type { AttestationResult } from "../attestation/attestation-result.ts";
import { HARDWARE_ANCHORS } from "../attestation/hardware-anchors.ts";
import { type RecognisedEvidence, recogniseEvidence } from "../attestation/presented-evidence.ts";
import { quorumRefusal } from "../attestation/quorum.ts";
import type { Purpose } from "../attestation/report-data.ts";
import { TEE_VENDORS, type TrustAnchors } from "../attestation/trust-anchors.ts";
import { parsePemChain } from "../attestation/x509/pem-chain.ts";
import { type FabricError, fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { MAX_BUNDLE_BYTES } from "../envelope/bundle.ts";
import { parseStrictJson } from "../envelope/strict-json.ts";
import { readInput } from "./read-input.ts";

/** What the command prints: the attestation result, and what was presented. */
export interface AppraisalData extends AttestationResult {
  /** ms since epoch as of which was judged. */
  readonly at: number;
  readonly evidence: RecognisedEvidence["kind"] | "unknown";
  /** What a document binds; null for plain evidence and whatever is refused. */
  readonly binds: {
    readonly subject: "cryptlet" | "host";
    readonly name: string;
    readonly purpose: Purpose;
    readonly keyids: readonly string[];
    readonly notAfter: number;
  } | null;
  /** Results of all pieces of a bundle that carries several. */
  readonly pieces: readonly AttestationResult[];
}

/** Flags of the command. */
export interface AppraiseFileOptions {
  readonly collateral: string | undefined;
  readonly fetch: boolean;
  readonly collateralCache: string | undefined;
  readonly policy: string | undefined;
  readonly at: number;
  readonly nonce: string | undefined;
  readonly purpose: Purpose;
  readonly anchor: string | undefined;
  readonly insecureSimulatedAnchor: boolean;
  readonly signal: AbortSignal;
}

const MAX_JSON_BYTES = 4_194_304;
const MAX_ANCHOR_BYTES = 16_384;
const NONCE = /^(?:0x)?(?:[0-9a-fA-F]{2}){16,512}$/;

const usage = (fault: string) => fabricError("USAGE_INVALID", { fault });

const readJson = async (file: string, what: string, signal: AbortSignal): Promise<unknown> => {
  const bytes = await readInput(file, { limit: MAX_JSON_BYTES, signal });
  try {
    return parseStrictJson(bytes, { limit: MAX_JSON_BYTES, what: file });
  } catch (error) {
    if (!isFabricError(error)) throw error;
    throw fabricError("FILE_INVALID", { file, what, reason: error.message }, { cause: error });
  }
};

/** An appraisal policy of a file. Throws `FILE_UNREADABLE`, `FILE_INVALID`. */
export const readPolicy = async (file: string, signal: AbortSignal): Promise<AppraisalPolicy> => {
  const parsed = appraisalPolicySchema.safeParse(
    await readJson(file, "an appraisal policy", signal),
  );
  if (parsed.success) return parsed.data;
  const reason = z.prettifyError(parsed.error).slice(0, 4_000);
  throw fabricError("FILE_INVALID", { file, what: "an appraisal policy", reason });
};

/** The vendors' roots, and the user's: whatever a user loads has no hardware behind it as far as anybody knows. */
export const readAnchors = async (
  options: Pick<AppraiseFileOptions, "anchor" | "insecureSimulatedAnchor" | "signal">,
): Promise<TrustAnchors> => {
  const { anchor, insecureSimulatedAnchor, signal } = options;
  if (anchor === undefined) return HARDWARE_ANCHORS;
  if (!insecureSimulatedAnchor)
    throw usage("--anchor loads a root without hardware: say --insecure-simulated-anchor as well");
  const bytes = await readInput(anchor, { limit: MAX_ANCHOR_BYTES, signal });
  const what = "the PEM of one root certificate";
  try {
    const [root, ...more] = parsePemChain(bytes.toString("utf8"));
    if (root === undefined || more.length > 0)
      throw fabricError("FILE_INVALID", { file: anchor, what, reason: "it is not exactly one" });
    const { der: certificate, name } = root;
    return [
      ...HARDWARE_ANCHORS,
      ...TEE_VENDORS.map((vendor) => ({ vendor, name, certificate, simulated: true })),
    ];
  } catch (error) {
    if (!isFabricError(error, "CERTIFICATE_INVALID")) throw error;
    throw fabricError("FILE_INVALID", { file: anchor, what, reason: error.message });
  }
};

const bindingOf = ({ refusal, verified }: Appraised): AppraisalData["binds"] => {
  const bound = refusal === null ? verified?.bound : null;
  if (!bound) return null;
  return {
    subject: bound.subject,
    name: bound.registration.cryptlet,
    purpose: bound.registration.purpose,
    keyids: bound.keys.map(({ keyid }) => keyid),
    notAfter: bound.notAfter,
  };
};

/** The pieces together: accepted ones first, then the policy's quorum over them. */
const conclude = (
  appraised: readonly Appraised[],
  policy: AppraisalPolicy | null,
): { readonly first: Appraised | null; readonly refusal: FabricError | null } => {
  const accepted = appraised.filter(({ refusal }) => refusal === null);
  const [first = appraised[0]] = accepted;
  if (first === undefined) {
    const refusal = fabricError("EVIDENCE_MISSING", { reason: "the bundle carries none" });
    return { first: null, refusal };
  }
  if (first.refusal !== null || policy === null) return { first, refusal: first.refusal };
  const claims = accepted.map(({ result }) => result.claims).filter((each) => each !== null);
  return { first, refusal: quorumRefusal(claims, policy) };
};

/** Loaded only where the network is asked for. */
const createSource = async (directory: string | undefined): Promise<CollateralSource> => {
  const { createVendorCollateralSource } =
    await import("../attestation/collateral/vendor-collateral-source.ts");
  return createVendorCollateralSource(directory === undefined ? {} : { directory });
};

/** What the file holds; refused where it holds no evidence. */
const recognise = (bytes: Uint8Array): RecognisedEvidence | FabricError => {
  try {
    return recogniseEvidence(bytes);
  } catch (error) {
    if (isFabricError(error)) return error;
    throw error;
  }
};

/**
 * Appraise what a file holds. What the evidence or its collateral hold is a refusal in the result; wrong input
 * beside them throws `USAGE_INVALID`, `FILE_UNREADABLE`, `FILE_INVALID`, and `COLLATERAL_UNAVAILABLE` with `fetch`.
 */
export const appraiseFile = async (
  file: string,
  options: AppraiseFileOptions,
): Promise<{ readonly data: AppraisalData; readonly refusal: FabricError | null }> => {
  const { at, purpose, nonce, signal } = options;
  const inputs = [file, options.collateral, options.policy, options.anchor];
  if (inputs.filter((name) => name === "-").length > 1)
    throw usage("standard input can be read only once");
  if (options.collateralCache !== undefined && !options.fetch)
    throw usage("--collateral-cache keeps what --fetch got: give both");
  if (nonce !== undefined && !NONCE.test(nonce))
    throw usage("--nonce takes 16 to 512 bytes in hex");
  const policy = options.policy === undefined ? null : await readPolicy(options.policy, signal);
  const anchors = await readAnchors(options);
  const collateral =
    options.collateral === undefined
      ? null
      : await readJson(options.collateral, "collateral", signal);
  const bytes = await readInput(file, { limit: MAX_BUNDLE_BYTES, signal });
  const recognised = recognise(new Uint8Array(bytes));
  const nothing = { at, evidence: "unknown" as const, binds: null, pieces: [] };
  if (recognised instanceof Error)
    return { data: { ...refusedResult(recognised, policy), ...nothing }, refusal: recognised };
  const source = options.fetch ? await createSource(options.collateralCache) : null;
  const appraised: Appraised[] = [];
  for (const evidence of recognised.evidence) {
    const fetched =
      source && collateral === null ? await findCollateral(evidence, source, { signal }) : null;
    appraised.push(
      appraiseOne(evidence, {
        policy,
        anchors,
        collateral: collateral ?? fetched,
        at,
        purpose,
        ...(nonce === undefined ? {} : { nonce: nonce.replace(/^0x/, "") }),
      }),
    );
  }
  const { first, refusal } = conclude(appraised, policy);
  const evidence = recognised.kind;
  if (first === null || (refusal !== null && first.refusal === null)) {
    // The pieces pass and are not enough, or there is none.
    const reason = refusal ?? fabricError("EVIDENCE_MISSING", { reason: "there is none" });
    const result = first?.result ?? refusedResult(reason, policy);
    const reasons = first ? [refusalReason(reason), ...result.reasons] : result.reasons;
    const pieces = appraised.map((piece) => piece.result);
    return {
      data: { ...result, ...nothing, evidence, ok: false, reasons, pieces },
      refusal: reason,
    };
  }
  const pieces = appraised.length > 1 ? appraised.map((piece) => piece.result) : [];
  return {
    data: { ...first.result, at, evidence, binds: bindingOf(first), pieces },
    refusal,
  };
};
