import type { ErrorCode } from "../core/errors/catalogue.ts";
import { FabricError } from "../core/errors/fabric-error.ts";
import { fromWire, toWire } from "../core/errors/wire.ts";
import type {
  AbiError,
  HostAnswer,
  HostCall,
  HttpAnswer,
  HttpRequest,
  Json,
  ObservationDraft,
  RunOutcome,
  SourceMode,
  TriggerInput,
} from "./abi.ts";
import type { Cryptlet } from "./define-cryptlet.ts";
import { serve } from "./serve.ts";

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
  | { readonly error: ErrorCode; readonly arguments?: Readonly<Record<string, string>> };

export interface TestRun {
  /** By the `id` of the request. A request without an answer fails with `HTTP_UNREACHABLE`. */
  readonly answers: Readonly<Record<string, RecordedAnswer>>;
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
  readonly requests: readonly HttpRequest[];
  readonly log: readonly { readonly level: string; readonly message: string }[];
}

/**
 * Runs a Cryptlet once with recorded answers, through the same JSON wall as in the enclave, without network or clock.
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
  const requests: HttpRequest[] = [];
  const log: { readonly level: string; readonly message: string }[] = [];
  const act = (call: HostCall): HostAnswer => {
    if (call.op === "time.now") return { ok: run.at };
    if (call.op === "random.bytes") return { ok: "00".repeat(call.length) };
    if (call.op === "log") {
      log.push({ level: call.level, message: call.message });
      return { ok: null };
    }
    if (call.op !== "http.all")
      return { error: toWire(new FabricError("CAPABILITY_NOT_GRANTED", { capability: call.op })) };
    const first = requests.length + 1;
    requests.push(...call.requests);
    return { ok: call.requests.map((request, at) => answerTo(request, first + at, run)) as Json };
  };
  const handle = serve(cryptlet, (text) => JSON.stringify(act(JSON.parse(text) as HostCall)));
  const trigger: TriggerInput = {
    id: "test",
    kind: "manual",
    feed: run.feed ?? cryptlet.manifest.feeds[0]?.id ?? "",
    parameters: run.parameters ?? {},
    at: run.at,
  };
  const outcome = JSON.parse(await handle.handle(JSON.stringify(trigger))) as RunOutcome;
  return {
    observation: "ok" in outcome ? outcome.ok.observation : null,
    error: "error" in outcome ? toWire(fromWire(outcome.error)) : null,
    requests,
    log,
  };
};

const answerTo = (request: HttpRequest, reference: number, run: TestRun): HttpAnswer => {
  const { id } = request;
  const failed = (code: ErrorCode, values: Readonly<Record<string, string>> = {}): HttpAnswer => ({
    ok: false,
    id,
    error: toWire(new FabricError(code, values)),
  });
  const missing = secretNames(request).find((name) => !(run.secrets ?? []).includes(name));
  if (missing !== undefined) return failed("HTTP_SECRET_UNKNOWN", { name: missing });
  const recorded = Object.hasOwn(run.answers, id) ? run.answers[id] : undefined;
  if (!recorded) return failed("HTTP_UNREACHABLE", { host: id, reason: "no recorded answer" });
  if ("error" in recorded) return failed(recorded.error, recorded.arguments);
  return {
    ok: true,
    id,
    reference,
    mode: recorded.mode ?? "EMULATED",
    status: recorded.status ?? 200,
    headers: recorded.headers ?? {},
    body: recorded.body,
    receivedAt: recorded.receivedAt ?? run.at,
  };
};

const secretNames = (request: HttpRequest): readonly string[] =>
  [...JSON.stringify(request).matchAll(/\{\{secret:(\w+)\}\}/g)].flatMap(([, name]) => name ?? []);
