import type { ObservationDraft } from "../sdk/abi.ts";
import type { RecordedCall } from "./recorded.ts";
import type { AskedCall } from "./source-answers.ts";

/** What another Cryptlet answers in a test. */
export type CallReply =
  | ObservationDraft
  | RecordedCall
  | ((call: AskedCall) => ObservationDraft | RecordedCall);

/** Other Cryptlets of a test that remember what they were asked. */
export interface CallMock {
  readonly calls: readonly AskedCall[];
  /** For the kit: null for a Cryptlet that the mock does not have. */
  answer(call: AskedCall): RecordedCall | null;
}

/**
 * Mocks other Cryptlets by their id.
 * @example
 * ```ts
 * const call = mockCall({
 *   "gold-price": decimalDraft({ feed: "xau-usd", text: "4165.21", decimals: 2, unit: "USD", at: 0 }),
 *   "silver-price": { error: "CALL_FAILED" },
 * });
 * call.calls.length; // 0
 * ```
 */
export const mockCall = (replies: Readonly<Record<string, CallReply>>): CallMock => {
  const calls: AskedCall[] = [];
  return {
    calls,
    answer: (call) => {
      const found = Object.hasOwn(replies, call.cryptlet) ? replies[call.cryptlet] : undefined;
      calls.push(call);
      if (found === undefined) return null;
      const reply = typeof found === "function" ? found(call) : found;
      return "feed" in reply ? { observation: reply } : reply;
    },
  };
};

/**
 * An observation of one number without sources, as another Cryptlet might give it. `at` is ms since epoch.
 * @example
 * ```ts
 * decimalDraft({ feed: "xau-usd", text: "-1.50", decimals: 2, unit: "USD", at: 1_790_000_000_000 }).feed; // "xau-usd"
 * ```
 */
export const decimalDraft = (value: {
  readonly feed: string;
  readonly text: string;
  readonly decimals: number;
  readonly unit: string;
  readonly at: number;
}): ObservationDraft => ({
  feed: value.feed,
  value: { kind: "decimal", text: value.text, decimals: value.decimals, unit: value.unit },
  observedAt: value.at,
  market: { status: "unknown", session: null, nextOpen: null },
  sources: [],
  aggregation: { method: "mock", minSources: 1, used: 1, spread: "0" },
});
