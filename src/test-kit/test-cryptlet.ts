import { fromWire, toWire } from "../core/errors/wire.ts";
import { RUN_LIMITS } from "../core/limits.ts";
import type { Observation } from "../envelope/observation.ts";
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
import { entriesOf, isStateMock, type StateMock } from "./mock-state.ts";
import { createRecordedHost } from "./recorded-host.ts";
import type { TestSources } from "./source-answers.ts";
import { timeOf, type TestClock } from "./test-clock.ts";
import { testStatement } from "./test-statement.ts";

/** What a test run begins with. */
export interface TestRun extends TestSources {
  /** The state before the run; a `mockState` keeps it from run to run. */
  readonly state?: Readonly<Record<string, string>> | StateMock;
  /** What `ctx.configuration()` gives; null when left out. */
  readonly configuration?: Json;
  /** Hex that `ctx.random()` repeats; zeros when left out. */
  readonly random?: string;
  /** Time of the trigger: ms since epoch, RFC 3339 text, or a clock. Answers and `ctx.now()` have it too. */
  readonly at: number | string | TestClock;
  /** The manifest's first feed when left out. */
  readonly feed?: string;
  readonly parameters?: Json;
  /** Id of the trigger; `test` when left out. The same one twice is the same trigger delivered again. */
  readonly trigger?: string;
  /** Names of the secrets that have a value; a request with another one fails with `HTTP_SECRET_UNKNOWN`. */
  readonly secrets?: readonly string[];
}

/** What came of a test run. */
export interface TestReport {
  /** Null when the Cryptlet refused. */
  readonly observation: ObservationDraft | null;
  /** Null when it did not. */
  readonly error: AbiError | null;
  /** What the enclave would sign of it; null for a refusal, a sketch without capabilities, and where `fault` says why. */
  readonly statement: Observation | null;
  /** Why the enclave would not sign what the Cryptlet returned: `OBSERVATION_REFUSED` and the like. */
  readonly fault: AbiError | null;
  /** Every call through the wall, in order; pure functions are none. */
  readonly calls: readonly HostCall[];
  readonly requests: readonly HttpRequest[];
  readonly log: readonly { readonly level: string; readonly message: string }[];
  /** The state as it is when the run is accepted: what it was before for a Cryptlet that refused. */
  readonly state: Readonly<Record<string, string>>;
}

/** ms since epoch of a run. */
export const timeOfRun = ({ at }: Pick<TestRun, "at">): number =>
  typeof at === "object" ? at.now() : timeOf(at);

/** The trigger of a test run. */
export const triggerOf = (
  manifest: { readonly feeds: readonly { readonly id: string }[] },
  run: TestRun,
): TriggerInput => ({
  id: run.trigger ?? "test",
  kind: "manual",
  feed: run.feed ?? manifest.feeds[0]?.id ?? "",
  parameters: run.parameters ?? {},
  at: timeOfRun(run),
});

/** Host calls of a sketch, which has no limits. */
const ANY_CALLS = RUN_LIMITS.hostCalls.max;

/**
 * Runs a Cryptlet once with recorded answers, through the same JSON wall as in the enclave, without network or clock.
 * What its manifest does not grant is refused as there; a manifest without `capabilities` may touch everything.
 * It runs on the test's own engine: `testInEnclave` shows that the bundle does the same in the enclave.
 * @example
 * ```ts
 * const report = await testCryptlet(cryptlet, { answers: { kraken: { body } }, at: "2026-05-10T12:00:00Z" });
 * expect(report.error?.code).toBe("TOO_FEW_SOURCES");
 * ```
 */
export const testCryptlet = async <Parameters>(
  cryptlet: Cryptlet<Parameters>,
  run: TestRun,
): Promise<TestReport> => {
  const manifest =
    "capabilities" in cryptlet.manifest ? manifestSchema.parse(cryptlet.manifest) : null;
  const now = () => timeOfRun(run);
  const host = createRecordedHost(
    run,
    now,
    manifest?.capabilities ?? null,
    manifest?.limits.maxHostCalls ?? ANY_CALLS,
  );
  const trigger = triggerOf(cryptlet.manifest, run);
  const text = await serve(cryptlet, host.answer).handle(JSON.stringify(trigger));
  const outcome = JSON.parse(text) as RunOutcome;
  const accepted = "ok" in outcome;
  const { provenance } = host;
  const { statement, fault } =
    accepted && manifest
      ? testStatement({ manifest, trigger, outcome: text, provenance, now: now() })
      : { statement: null, fault: null };
  const change = accepted ? host.state.change() : null;
  const after = change ? Object.fromEntries(change.entries) : entriesOf(run.state);
  if (isStateMock(run.state)) run.state.replace(after);
  return {
    observation: accepted ? outcome.ok.observation : null,
    error: "error" in outcome ? toWire(fromWire(outcome.error)) : null,
    statement,
    fault,
    calls: host.calls,
    requests: host.requests,
    log: host.log,
    state: after,
  };
};
