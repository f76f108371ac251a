import type { DeliverySubStatus } from "../../../core/delivery-sub-status.ts";
import type { Clock } from "../../../core/clock.ts";
import type { ErrorCode } from "../../../core/errors/catalogue.ts";
import type { DeliveryChange } from "../../../store/deliveries.ts";
import type { ChainNotice } from "../../contract/chain-notice.ts";
import type { EvmChain } from "../evm-chain.ts";
import type { FeeSource } from "../fee-policy.ts";
import type { FeedContract } from "../feed-contract.ts";
import type { TransactionSigner } from "../transaction-signer.ts";
import type { BlockList } from "./block-list.ts";
import type { ChainQuestions } from "./chain-questions.ts";
import type { JobBook } from "./job-book.ts";
import type { JobStep, JobStore } from "./job-store.ts";
import type { Job } from "./job.ts";

/** What the parts of the submitter share. */
export interface SubmissionContext {
  readonly chain: EvmChain;
  readonly signer: TransactionSigner;
  readonly clock: Clock;
  readonly fees: FeeSource;
  readonly feeds: FeedContract;
  readonly questions: ChainQuestions;
  readonly list: BlockList;
  readonly jobs: JobStore;
  readonly book: JobBook;
  readonly notice: (notice: ChainNotice) => void;
  /** Commits steps, then shows them to the book and to who settles. Deliveries that have ended are left alone. */
  apply(steps: readonly JobStep[]): Promise<readonly Job[]>;
  /** One at a time: nonces are taken, and signed for, in their order. */
  exclusive<Result>(work: () => Promise<Result>): Promise<Result>;
}

export interface StageOptions {
  readonly signal: AbortSignal;
}

/** The step that says what a delivery waits for, or nothing when it says so already. */
export const waitStep = (
  { book }: Pick<SubmissionContext, "book">,
  job: Job,
  subStatus: DeliverySubStatus,
  reason: { readonly code: ErrorCode; readonly detail: string } | null,
): readonly JobStep[] => {
  const row = job.delivery ? book.row(job.delivery.id) : null;
  const isSaid = row?.subStatus === subStatus && row.error === (reason?.code ?? null);
  if (!row || isSaid || book.isEnded(job)) return [];
  const change: DeliveryChange = {
    status: row.status,
    subStatus,
    error: reason?.code ?? null,
    ...(reason ? { detail: reason.detail } : {}),
  };
  return [{ job, changes: [change] }];
};
