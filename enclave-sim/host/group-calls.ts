import type { Digest } from "../../src/core/ids.ts";
import type { CommitmentList } from "../../src/crypto/frost/signing-messages.ts";
import type { GroupPlan } from "../../src/crypto/frost/group-plan.ts";
import type { GroupRecord } from "../../src/crypto/frost/group-record.ts";
import type { SignedMessage } from "../../src/crypto/frost/signed-message.ts";
import type { AppraisalPolicyInput } from "../../src/attestation/appraisal-policy.ts";
import type { SimulatedRoot } from "../../src/attestation/simulated-anchor.ts";
import type { Evidence } from "../../src/envelope/bundle.ts";
import type { AttestedKeys } from "./attestation-calls.ts";
import type { Proposal } from "./endorsement.ts";

/** With whom a Cryptlet's enclave makes groups. Default deny: left out, it takes part in none. */
export interface GroupOptions {
  /** Measurements of members besides the enclave's own. */
  readonly measurements?: readonly Digest[];
  /** Least threshold that it helps to make; default 2. A resharing never lowers the threshold below it. */
  readonly minThreshold?: number;
  /** Which states of a member's platform are taken; `UpToDate` alone when left out. */
  readonly tcb?: AppraisalPolicyInput["tcb"];
  /** Roots of simulators that members' evidence may end in; taken only with `insecureAllowSimulated`. */
  readonly simulatedRoots?: readonly SimulatedRoot[];
  /** Members without hardware: development only. */
  readonly insecureAllowSimulated?: boolean;
}

/** A group that the enclave holds a share of. */
export interface HeldGroup {
  readonly record: GroupRecord;
  readonly group: string;
  readonly epoch: number;
  readonly threshold: number;
  /** Own index. */
  readonly index: number;
}

/** A ceremony's end for one member. */
export interface FinishedGroup {
  readonly record: GroupRecord;
  /** Evidence whose keys hold the group's key and whose nonce is the transcript's digest. */
  readonly attested: AttestedKeys;
}

/** What one signature share is asked with. */
export interface ShareRequest {
  readonly group: string;
  readonly epoch: number;
  readonly proposal: Proposal;
  /** Of every signer, the own one among them. */
  readonly commitments: CommitmentList;
}

/** Requests to the enclave's thread, with their answers. */
export interface GroupCalls {
  list: { readonly request: object; readonly answer: readonly HeldGroup[] };
  join: {
    readonly request: { readonly plan: GroupPlan; readonly evidence: readonly Evidence[] };
    readonly answer: SignedMessage;
  };
  deal: {
    readonly request: { readonly ceremony: Digest; readonly joins: readonly SignedMessage[] };
    readonly answer: SignedMessage;
  };
  receive: {
    readonly request: {
      readonly ceremony: Digest;
      readonly joins: readonly SignedMessage[];
      readonly deals: readonly SignedMessage[];
    };
    readonly answer: SignedMessage;
  };
  finish: {
    readonly request: { readonly record: GroupRecord; readonly evidence?: readonly Evidence[] };
    readonly answer: FinishedGroup & { readonly counter: GroupCounter };
  };
  abandon: { readonly request: { readonly ceremony: Digest }; readonly answer: null };
  attest: {
    readonly request: { readonly group: string; readonly epoch: number };
    readonly answer: AttestedKeys;
  };
  commit: {
    readonly request: { readonly group: string; readonly epoch: number; readonly count: number };
    readonly answer: readonly SignedMessage[];
  };
  signShare: { readonly request: ShareRequest; readonly answer: SignedMessage };
}
/** Name of a call. */
export type GroupOperation = keyof GroupCalls;
/** One request, as it is posted. */
export type GroupCall = {
  [Operation in GroupOperation]: {
    readonly operation: Operation;
    readonly request: GroupCalls[Operation]["request"];
  };
}[GroupOperation];

/** How far a group's shares went, for a monotonic counter: one above the newest epoch. */
export interface GroupCounter {
  readonly name: string;
  readonly number: number;
}

interface Call {
  readonly signal?: AbortSignal;
}

/**
 * A Cryptlet's part in groups that sign together (FROST, RFC 9591). Shares and nonces never leave the enclave. Whoever
 * coordinates carries the messages; none of them is trusted.
 */
export interface CryptletGroups {
  /** Newest epoch of every group that it holds a share of. */
  list(): Promise<readonly HeldGroup[]>;
  /**
   * Step 0 of a ceremony: judge the plan and the evidence of every member and dealer, make keys for the shares.
   * Throws `FROST_PLAN_INVALID`, `FROST_NOT_ALLOWED`, `FROST_MEMBER_REFUSED`, `FROST_MEMBER_UNKNOWN`,
   * `FROST_CEREMONIES_FULL`, `FROST_RECORD_INVALID`.
   */
  join(
    request: { readonly plan: GroupPlan; readonly evidence: readonly Evidence[] },
    call?: Call,
  ): Promise<SignedMessage>;
  /** Step 1, dealers only, with the `join` of every member. Throws `FROST_*`. */
  deal(
    request: { readonly ceremony: Digest; readonly joins: readonly SignedMessage[] },
    call?: Call,
  ): Promise<SignedMessage>;
  /**
   * Step 2, new members only: check the dealings of every dealer. Gives a `confirm`, after the share is sealed, or a
   * `complaint`, which anyone can judge with `judgeComplaint`. Throws `FROST_*`.
   */
  receive(
    request: {
      readonly ceremony: Digest;
      readonly joins: readonly SignedMessage[];
      readonly deals: readonly SignedMessage[];
    },
    call?: Call,
  ): Promise<SignedMessage>;
  /**
   * Step 3 with the `confirm` of every member: from here on the share signs, and shares of earlier epochs are deleted.
   * An old member that left is given the same, with the evidence of the new members where it did not deal itself: it
   * gives up its share to attested members only. Throws `FROST_*`.
   */
  finish(
    request: { readonly record: GroupRecord; readonly evidence?: readonly Evidence[] },
    call?: Call,
  ): Promise<FinishedGroup>;
  /**
   * Fresh evidence of this member's keys and the group's, as `finish` gives it. Throws `FROST_GROUP_UNKNOWN`.
   */
  attest(
    request: { readonly group: string; readonly epoch: number },
    call?: Call,
  ): Promise<AttestedKeys>;
  /** Forget a ceremony that will not be finished; its share is deleted. */
  abandon(request: { readonly ceremony: Digest }, call?: Call): Promise<void>;
  /** Round 1 of signing, before any message is known. Throws `FROST_GROUP_UNKNOWN`, `FROST_NONCES_FULL`. */
  commit(
    request: { readonly group: string; readonly epoch: number; readonly count: number },
    call?: Call,
  ): Promise<readonly SignedMessage[]>;
  /**
   * Round 2: a share for a statement that this enclave endorses. The nonce is gone before the share is made.
   * Throws what `CheckProposal` throws, `FROST_NOT_ALLOWED` (the feed asks for more signers than the group has),
   * `FROST_ROUND_SIGNED`, `FROST_NOTHING_TO_SIGN`, `FROST_GROUP_UNKNOWN`, `FROST_EPOCH_WRONG`,
   * `FROST_COMMITMENTS_INVALID`, `FROST_NONCE_UNKNOWN`.
   */
  signShare(request: ShareRequest, call?: Call): Promise<SignedMessage>;
}
