import {
  fabricError,
  type HttpRequest,
  type ReceivedAnswer,
  type RecordField,
} from "../../../../src/sdk/index.ts";
import type { RecordRequest } from "../record-request.ts";

/** One CRM: how to ask for a record, and how to read the answer. */
export interface CrmProvider {
  readonly request: (record: RecordRequest) => HttpRequest;
  /** Throws `SOURCE_NOT_FOUND`, `SOURCE_REPORTED_ERROR`, `SOURCE_STATUS`, `SOURCE_SHAPE`, `JSON_*`. */
  readonly read: (answer: ReceivedAnswer, record: RecordRequest) => CrmRecord;
}

export interface CrmRecord {
  readonly fields: Readonly<Record<string, RecordField>>;
  /** ms since epoch of the last change; null when the CRM does not say. */
  readonly changedAt: number | null;
}

/** Refuses every status but 200; `reportedCode` may find the CRM's own code in the body. */
export const refuseStatus = (
  answer: ReceivedAnswer,
  record: RecordRequest,
  reportedCode: (body: string) => string,
): void => {
  const { status, body } = answer;
  if (status === 200) return;
  if (status === 404) throw fabricError("SOURCE_NOT_FOUND", { record: record.record });
  let reason: string;
  try {
    reason = reportedCode(body);
  } catch {
    throw fabricError("SOURCE_STATUS", { status });
  }
  throw fabricError("SOURCE_REPORTED_ERROR", { reason: `${status} ${reason}`.slice(0, 200) });
};
