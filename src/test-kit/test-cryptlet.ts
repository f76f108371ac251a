import { fromWire, toWire } from "../core/errors/wire.ts";
import type {
  AbiError,
  HostCall,
  HttpRequest,
  Json,
  ObservationDraft,
  RunOutcome,
  TriggerInput,
} from "../sdk/abi.ts";
import type { Cryptlet } from "../sdk/define-cryptlet.ts";
import { manifestSchema } from "../sdk/manifest.ts";
import { serve } from "../sdk/serve.ts";
import { createRecordedHost } from "./recorded-host.ts";
import type { RecordedAnswer, RecordedCall, RecordedChain } from "./recorded.ts";

/** What a test run begins with. */
export interface TestRun {
  /** By the `id` of the request. A request without an answer fails with `HTTP_UNREACHABLE`. */
  readonly answers?: Readonly<Record<string, RecordedAnswer>>;
  /** By the `id` of the read, which is the chain's name when the Cryptlet gives none. */
  readonly chains?: Readonly<Record<string, RecordedChain>>;
  /** By the `id` of the call, which is the called Cryptlet's when the Cryptlet gives none. */
  readonly calls?: Readonly<Record<string, RecordedCall>>;
  /** The state before the run. */
  readonly state?: Readonly<Record<string, string>>;
  /** What `ctx.configuration()` gives; null when left out. */
  readonly configuration?: Json;
  /** Hex that `ctx.random()` repeats; zeros when left out. */
  readonly random?: string;
  /** ms since epoch of trigger, clock and answers. */
  readonly at: number;
  /** The manifest's first feed when left out. */
  readonly feed?: string;
  readonly parameters?: Json;
  /** Names of the secrets that have a value; a request with another one fails with `HTTP_SECRET_UNKNOWN`. */
  readonly secrets?: readonly string[];
}

/** What came of a test run. */
export interface TestReport {
  /** Null when the Cryptlet refused. */
  readonly observation: ObservationDraft | null;
  /** Null when it did not. */
  readonly error: AbiError | null;
  /** Every call through the wall, in order; pure functions are none. */
  readonly calls: readonly HostCall[];
  readonly requests: readonly HttpRequest[];
  readonly log: readonly { readonly level: string; readonly message: string }[];
  /** The state as it is when the run is accepted: what it was before for a Cryptlet that refused. */
  readonly state: Readonly<Record<string, string>>;
}

/**
 * Runs a Cryptlet once with recorded answers, through the same JSON wall as in the enclave, without network or clock.
 * What its manifest does not grant is refused as there; a manifest without `capabilities` may touch everything.
 * It runs on the test's own engine: an enclave test shows that the bundle does the same in QuickJS.
 * @example
 * ```ts
 * const report = await testCryptlet(cryptlet, { answers: { kraken: { body } }, at: 1_790_000_000_000 });
 * expect(report.error?.code).toBe("TOO_FEW_SOURCES");
 * ```
 */
export const testCryptlet = async <Parameters>(
  cryptlet: Cryptlet<Parameters>,
  run: TestRun,
): Promise<TestReport> => {
  const { manifest } = cryptlet;
  const granted = "capabilities" in manifest ? manifestSchema.parse(manifest).capabilities : null;
  const host = createRecordedHost(run, granted);
  const trigger: TriggerInput = {
    id: "test",
    kind: "manual",
    feed: run.feed ?? manifest.feeds[0]?.id ?? "",
    parameters: run.parameters ?? {},
    at: run.at,
  };
  const text = await serve(cryptlet, host.answer).handle(JSON.stringify(trigger));
  const outcome = JSON.parse(text) as RunOutcome;
  const change = "ok" in outcome ? host.state.change() : null;
  return {
    observation: "ok" in outcome ? outcome.ok.observation : null,
    error: "error" in outcome ? toWire(fromWire(outcome.error)) : null,
    calls: host.calls,
    requests: host.requests,
    log: host.log,
    state: change ? Object.fromEntries(change.entries) : (run.state ?? {}),
  };
};
