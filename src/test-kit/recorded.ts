import type { ErrorCode } from "../core/errors/catalogue.ts";
import type { CallAnswer, ChainAnswer, SourceMode } from "../sdk/abi.ts";

/** The code of the error that a call fails with in a test. */
export interface RecordedFault {
  readonly error: ErrorCode;
  readonly arguments?: Readonly<Record<string, string>>;
}

/** What a source answers in a test: a recorded answer, or the code of the capability's error. */
export type RecordedAnswer =
  | {
      readonly body: string;
      /** 200 when left out. */
      readonly status?: number;
      /** Lower-case names. */
      readonly headers?: Readonly<Record<string, string>>;
      /** `EMULATED` when left out. */
      readonly mode?: SourceMode;
      /** ms since epoch; the run's time when left out. */
      readonly receivedAt?: number;
    }
  | RecordedFault;

/** What a chain answers in a test; what is left out is of no matter. */
export type RecordedChain =
  | (Pick<ChainAnswer, "results"> & Partial<Omit<ChainAnswer, "reference" | "chain" | "results">>)
  | RecordedFault;

/** What another Cryptlet answers in a test. */
export type RecordedCall =
  | (Pick<CallAnswer, "observation"> & Partial<Omit<CallAnswer, "reference" | "observation">>)
  | RecordedFault;
