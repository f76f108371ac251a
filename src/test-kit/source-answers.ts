import type { HostCall, HttpRequest } from "../sdk/abi.ts";
import type { CallMock } from "./mock-call.ts";
import type { ChainMock } from "./mock-chain.ts";
import type { HttpMock } from "./mock-http.ts";
import type { RecordedAnswer, RecordedCall, RecordedChain } from "./recorded.ts";
import { answersAt, type Recording } from "./recording.ts";

/** A read of a chain as it is answered; the enclave's reader is not told the source's name. */
export type AskedChain = Pick<
  Extract<HostCall, { op: "chain.read" }>,
  "chain" | "block" | "queries"
> & { readonly id?: string };
/** A call of another Cryptlet as it is answered. */
export type AskedCall = Pick<
  Extract<HostCall, { op: "call" }>,
  "cryptlet" | "feed" | "parameters"
> & {
  readonly id?: string;
};

/** What the sources of a test run answer; null where nothing was recorded. */
export interface SourceAnswers {
  http(request: HttpRequest): RecordedAnswer | null;
  chain(read: AskedChain): RecordedChain | null;
  call(call: AskedCall): RecordedCall | null;
}

/** Where a test run's answers come from. A mock comes before what stands by name, and that before a recording. */
export interface TestSources {
  readonly http?: HttpMock;
  readonly chain?: ChainMock;
  readonly call?: CallMock;
  /** By the `id` of the request. A request without an answer fails with `HTTP_UNREACHABLE`. */
  readonly answers?: Readonly<Record<string, RecordedAnswer>>;
  /** By the `id` of the read, which is the chain's name when the Cryptlet gives none. */
  readonly chains?: Readonly<Record<string, RecordedChain>>;
  /** By the `id` of the call, which is the called Cryptlet's when the Cryptlet gives none. */
  readonly calls?: Readonly<Record<string, RecordedCall>>;
  /** What `readRecording` gave; requests are matched by id, method and URL. */
  readonly recording?: Recording;
}

const named = <Value>(
  from: Readonly<Record<string, Value>> | undefined,
  id: string,
): Value | null => (from && Object.hasOwn(from, id) ? (from[id] ?? null) : null);

/** Inside the enclave a source's name is not known: then what was asked names it, or there is only one. */
const namedOrOnly = <Value>(
  from: Readonly<Record<string, Value>> | undefined,
  id: string | undefined,
  asked: string,
): Value | null => {
  if (id !== undefined) return named(from, id);
  const all = Object.values(from ?? {});
  return named(from, asked) ?? (all.length === 1 ? (all[0] ?? null) : null);
};

/** The answers of all sources of a test run at a time in ms since epoch. */
export const sourceAnswers = (sources: TestSources, at: number): SourceAnswers => {
  const recorded = sources.recording ? answersAt(sources.recording, at) : null;
  return {
    http: (request) =>
      sources.http?.answer(request) ??
      named(sources.answers, request.id) ??
      recorded?.http(request) ??
      null,
    chain: (read) =>
      sources.chain?.answer(read) ??
      namedOrOnly(sources.chains, read.id, read.chain) ??
      recorded?.chain(read) ??
      null,
    call: (call) =>
      sources.call?.answer(call) ??
      namedOrOnly(sources.calls, call.id, call.cryptlet) ??
      recorded?.call(call) ??
      null,
  };
};
