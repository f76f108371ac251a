import type { FabricError } from "../core/errors/fabric-error.ts";
import type { Appraisal, EvidenceAppraiser } from "../envelope/appraiser.ts";
import type { Evidence } from "../envelope/bundle.ts";
import {
  type AppraisalPolicy,
  type AppraisalPolicyInput,
  parseAppraisalPolicy,
} from "./appraisal-policy.ts";
import { appraiseOne, type Appraised } from "./appraise.ts";
import type { BoundEvidence } from "./bind-evidence.ts";
import type { CollateralSource } from "./collateral/collateral-source.ts";
import { findCollateral } from "./collateral/find-collateral.ts";
import type { CollateralMemory } from "./dcap/collateral-memory.ts";
import type { EvidenceClaims } from "./evidence-claims.ts";
import { quorumRefusal } from "./quorum.ts";
import type { Purpose } from "./report-data.ts";
import type { TrustAnchors } from "./trust-anchors.ts";

/** What every appraisal of one relying party shares. */
export interface AppraiserOptions {
  readonly anchors: TrustAnchors;
  /** Asked for evidence that carries no collateral of its own; left out, such evidence is refused unless it needs none. */
  readonly collateral?: CollateralSource;
  /** @see CollateralMemory */
  readonly memory?: CollateralMemory;
}

/** A piece that passed and binds keys. */
interface Accepted {
  readonly bound: BoundEvidence;
  readonly claims: EvidenceClaims;
}

const acceptedOf = ({ refusal, verified }: Appraised): Accepted | null =>
  refusal === null && verified?.bound ? { bound: verified.bound, claims: verified.claims } : null;

/** Appraise one piece, with collateral fetched where it has none. Throws `COLLATERAL_UNAVAILABLE`, `CONFIG_INVALID`. */
export const appraiseWithSource = async (
  evidence: Evidence,
  task: {
    readonly policy: AppraisalPolicy;
    readonly at: number;
    readonly purpose: Purpose;
    readonly nonce?: string;
  },
  options: AppraiserOptions,
  signal: AbortSignal,
): Promise<Appraised> => {
  const { anchors, memory, collateral: source } = options;
  const collateral = source ? await findCollateral(evidence, source, { signal }) : null;
  return appraiseOne(evidence, { ...task, anchors, collateral, ...(memory && { memory }) });
};

const keyidsOf = (accepted: readonly Accepted[]): readonly string[] => [
  ...new Set(accepted.flatMap(({ bound }) => bound.keys.map(({ keyid }) => keyid))),
];

const refusalOf = ({ code, message }: Pick<FabricError, "code" | "message">): Appraisal => ({
  ok: false,
  code,
  detail: message,
});

/** Pieces of one Cryptlet, the one that binds most of the keys first: other pieces beside it neither help nor harm. */
const groupOf = (accepted: readonly Accepted[], keyids: ReadonlySet<string>) => {
  const count = ({ bound }: Accepted) => bound.keys.filter(({ keyid }) => keyids.has(keyid)).length;
  const sorted = accepted.toSorted((a, b) => count(b) - count(a));
  const [first] = sorted;
  return sorted.filter(({ bound }) => bound.measurement === first?.bound.measurement);
};

/** Whether a key that a piece binds signed the statement; true where the caller has no statement. */
const hasSigned = ({ bound }: Accepted, signers: readonly string[] | undefined): boolean =>
  signers === undefined || bound.keys.some(({ keyid }) => signers.includes(keyid));

/**
 * The envelope verifier's step from evidence to key: documents that the policy accepts, made for the purpose `register`,
 * and the keys that they bind. Plain evidence binds no keys and proves nothing about an envelope. With a quorum, so many
 * pieces of one Cryptlet on different platforms must pass, each of a key that signed.
 * Throws `CONFIG_INVALID` for the policy itself, at once.
 * @example
 * ```ts
 * const appraise = createEvidenceAppraiser(policy, { anchors: HARDWARE_ANCHORS });
 * const report = await verifyBundle(bytes, { trust, at, appraise });
 * ```
 */
export const createEvidenceAppraiser = (
  policyInput: AppraisalPolicyInput,
  options: AppraiserOptions,
): EvidenceAppraiser => {
  const policy = parseAppraisalPolicy(policyInput);
  return async ({ evidence, keys, signers, members = [], at }) => {
    const task = { policy, at, purpose: "register" as const };
    // The verifier of envelopes works offline as a rule; a source brings limits of its own.
    const { signal } = new AbortController();
    const all = await Promise.all(
      evidence.map((piece) => appraiseWithSource(piece, task, options, signal)),
    );
    const keyids = new Set(keys.map(({ keyid }) => keyid));
    const accepted = groupOf(
      all.map(acceptedOf).filter((piece) => piece !== null),
      keyids,
    );
    const [first] = accepted;
    if (first === undefined) {
      const refusal = all.find((piece) => piece.refusal !== null)?.refusal;
      return refusalOf(
        refusal ?? { code: "EVIDENCE_MISSING", message: "No piece of evidence binds keys" },
      );
    }
    const { n, distinctTeeVendors = false } = policy.quorum;
    const alone = n === 1 && distinctTeeVendors === false;
    const counted = alone ? accepted : accepted.filter((piece) => hasSigned(piece, signers));
    const missing = quorumRefusal(
      counted.map(({ claims }) => claims),
      policy,
    );
    if (missing) return refusalOf(missing);
    const wanted = alone ? [first] : counted;
    const used = accepted.filter(
      (piece) =>
        wanted.includes(piece) || piece.bound.keys.some(({ keyid }) => members.includes(keyid)),
    );
    const simulated = used.some(({ claims }) => claims.simulated);
    return {
      ok: true,
      simulated,
      measurement: first.bound.measurement,
      keyids: keyidsOf(used),
      policy: policy.id,
      detail: `${simulated ? "SIMULATED, no hardware root; " : ""}${first.claims.tee} evidence ${first.bound.evidenceId}`,
    };
  };
};
