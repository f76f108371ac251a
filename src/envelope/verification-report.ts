import type { ExitCode } from "../core/errors/arguments.ts";
import type { ErrorCode } from "../core/errors/catalogue.ts";
import type { Digest } from "../core/ids.ts";
import type { Observation } from "./observation.ts";
import type { GroupFinding } from "./group-trust.ts";
import type { RunReceipt } from "./run-receipt.ts";

/** What the verifier looks at, in this order. */
export const verificationSteps = [
  "bundle",
  "signature",
  "signer",
  "statement",
  "onchain-signature",
  "onchain-signer",
  "forms-agree",
  "source-modes",
  "run-receipt",
  "evidence",
  "key-set",
  "simulation",
  "freshness",
  "order",
  "receipts",
  "anchors",
] as const;

export type VerificationStepName = (typeof verificationSteps)[number];

/** One thing that was looked at, in words for people and with a code for programs. */
export interface VerificationStep {
  readonly step: VerificationStepName;
  /** `skipped`: not checked, and `detail` says why. */
  readonly status: "ok" | "failed" | "skipped";
  readonly detail: string;
  /** Set when failed. */
  readonly code?: ErrorCode;
  /** keyid, where a key decided. */
  readonly key?: string;
}

/** Outcome of checking one bundle. */
export interface VerificationReport {
  /** No step failed. */
  readonly ok: boolean;
  /** Code of the first failed step. */
  readonly code: ErrorCode | null;
  /** 0, or the exit code that belongs to `code`. */
  readonly exitCode: ExitCode;
  readonly steps: readonly VerificationStep[];
  /** Id of the trust policy that was applied. */
  readonly policy: string;
  /**
   * True when the evidence stands under a simulated trust anchor, or when none was accepted and the signed receipt says
   * so of itself; false only by accepted evidence; null when nobody can tell.
   */
  readonly simulated: boolean | null;
  /** What the signed receipt says of its own enclave: no more than its word. Null without a receipt that fits. */
  readonly attestation: RunReceipt["attestation"] | null;
  /** How the sources were reached; null when no source answered or the statement was not read. */
  readonly mode: "LIVE" | "EMULATED" | null;
  /** Receipt of the run that the statement stands on; null when the bundle carries none that fits. */
  readonly run: RunReceipt | null;
  /** What a group's signature on the ABI tuple proves; null where no group signed, or it is not trusted. */
  readonly group: GroupFinding | null;
  /** Null until the JSON form's signature held. */
  readonly envelopeDigest: Digest | null;
  /** The verified statement. Null until a trusted key's signature held. */
  readonly observation: Observation | null;
}
