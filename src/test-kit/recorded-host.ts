import { answerPure } from "../../enclave-sim/capabilities/intrinsics/answer-pure.ts";
import type { Provenance } from "../../enclave-sim/capabilities/capability.ts";
import { checkChainQuery } from "../../enclave-sim/capabilities/chain/create-chain-calls.ts";
import { findReadingFault } from "../../enclave-sim/capabilities/chain/chain-reading.ts";
import {
  createStateSession,
  type StateSession,
} from "../../enclave-sim/capabilities/state/state-session.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import type { Digest } from "../core/ids.ts";
import { STATE_LIMITS } from "../core/limits.ts";
import { digestOf } from "../crypto/hashes.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import type {
  CallAnswer,
  ChainAnswer,
  HostAnswer,
  HostCall,
  HttpRequest,
  Json,
} from "../sdk/abi.ts";
import type { Manifest } from "../sdk/manifest.ts";
import { answerRequest } from "./answer-request.ts";
import { entriesOf } from "./mock-state.ts";
import { callReply, chainReading } from "./recorded-readings.ts";
import { sourceAnswers } from "./source-answers.ts";
import type { TestRun } from "./test-cryptlet.ts";

/** The wall of a test run: answers from what the test recorded, and what was asked. */
export interface RecordedHost {
  /** JSON text of a `HostCall` in, of a `HostAnswer` out. */
  readonly answer: (text: string) => string;
  readonly calls: readonly HostCall[];
  readonly requests: readonly HttpRequest[];
  readonly log: readonly { readonly level: string; readonly message: string }[];
  readonly state: StateSession;
  /** What the enclave would know of the sources. */
  readonly provenance: readonly Provenance[];
}

/** What a manifest without `capabilities.state` would be refused; here for a sketch of one. */
const ANY_STATE = { maxBytes: STATE_LIMITS.bytes.max, maxKeys: STATE_LIMITS.keys.max };

const digestOfJson = (content: unknown): Digest =>
  digestOf(new TextEncoder().encode(canonicalJson(content)));

/** `granted` null is a manifest without capabilities, a sketch that may touch everything. */
export const createRecordedHost = (
  run: TestRun,
  /** ms since epoch. */
  now: () => number,
  granted: Manifest["capabilities"] | null,
  maxHostCalls: number,
): RecordedHost => {
  const calls: HostCall[] = [];
  const requests: HttpRequest[] = [];
  const log: { readonly level: string; readonly message: string }[] = [];
  const provenance: Provenance[] = [];
  const sources = sourceAnswers(run, now());
  const entries = new Map(Object.entries(entriesOf(run.state)));
  const state = createStateSession({ version: 0, entries }, granted?.state ?? ANY_STATE, false);
  let references = 0;
  const need = (capability: string, isGranted: boolean) => {
    if (granted && !isGranted) throw fabricError("CAPABILITY_NOT_GRANTED", { capability });
  };
  const answerHttp = (asked: readonly HttpRequest[]): Json => {
    requests.push(...asked);
    const rules = { granted, secrets: run.secrets ?? [], sources, at: now() };
    return asked.map((request, at) => {
      const repeated = asked.findIndex(({ id }) => id === request.id) < at;
      const exchange = answerRequest(request, (references += 1), repeated, rules);
      provenance.push(exchange.provenance);
      return exchange.answer;
    }) as unknown as Json;
  };
  const answerChain = (call: Extract<HostCall, { op: "chain.read" }>): ChainAnswer => {
    const { chain, queries, block } = call;
    const entry = granted?.chains.find((named) => named.chain === chain);
    if (granted && !entry)
      throw fabricError("CHAIN_READ_REFUSED", { chain, reason: "the chain is not named" });
    if (entry) for (const query of queries) checkChainQuery(entry, query);
    const reading = chainReading(sources.chain(call), { id: call.id, entry, block, at: now() });
    const fault = findReadingFault(reading, call);
    if (fault) throw fabricError("CHAIN_UNAVAILABLE", { chain, reason: fault });
    const reference = (references += 1);
    provenance.push({
      reference,
      id: call.id,
      mode: reading.mode,
      requestDigest: digestOfJson({ chain, chainId: reading.chainId, block, queries }),
      tls: null,
      status: null,
      responseDigest: digestOfJson({ block: reading.block, results: reading.results }),
      receivedAt: now(),
    });
    return { reference, chain, ...reading };
  };
  const answerCall = (call: Extract<HostCall, { op: "call" }>): CallAnswer => {
    const { cryptlet, feed, parameters } = call;
    const entry = granted?.calls.find((named) => named.cryptlet === cryptlet);
    if (granted && !entry?.feeds.some((named) => named === feed))
      throw fabricError("CALL_REFUSED", { cryptlet, reason: "it is not named" });
    const reply = callReply(sources.call(call), { id: call.id, cryptlet, at: now() });
    const reference = (references += 1);
    provenance.push({
      reference,
      id: call.id,
      mode: reply.mode,
      requestDigest: digestOfJson({ cryptlet, feed, parameters }),
      tls: null,
      status: null,
      responseDigest: digestOfJson({ cryptlet, observation: reply.observation }),
      receivedAt: reply.receivedAt,
    });
    return { reference, ...reply };
  };
  const act = (call: HostCall): Json => {
    switch (call.op) {
      case "http.all":
        need("http", granted?.http !== undefined);
        return answerHttp(call.requests);
      case "time.now":
        need("time", granted?.time === true);
        return now();
      case "random.bytes":
        need("random", granted?.random === true);
        return (run.random ?? "00").repeat(call.length).slice(0, 2 * call.length);
      case "log":
        log.push({ level: call.level, message: call.message });
        return true;
      case "configuration":
        need("configuration", granted?.configuration === true);
        return run.configuration ?? null;
      case "state.get":
        need("state", granted?.state !== undefined);
        return state.get(call.key);
      case "state.put":
        need("state", granted?.state !== undefined);
        state.put(call.key, call.value);
        return null;
      case "state.delete":
        need("state", granted?.state !== undefined);
        state.delete(call.key);
        return null;
      case "state.list":
        need("state", granted?.state !== undefined);
        return state.list(call);
      case "chain.read":
        need("chains", (granted?.chains.length ?? 0) > 0);
        return answerChain(call) as unknown as Json;
      case "call":
        need("calls", (granted?.calls.length ?? 0) > 0);
        return answerCall(call) as unknown as Json;
    }
  };
  return {
    calls,
    requests,
    log,
    state,
    provenance,
    answer: (text) => {
      const pure = answerPure(text);
      if (pure) return pure.text;
      const call = JSON.parse(text) as HostCall;
      calls.push(call);
      let answer: HostAnswer;
      try {
        if (calls.length > maxHostCalls)
          throw fabricError("HOST_CALL_LIMIT", { limit: maxHostCalls });
        answer = { ok: act(call) };
      } catch (error) {
        answer = { error: toWire(error) };
      }
      return JSON.stringify(answer);
    },
  };
};
