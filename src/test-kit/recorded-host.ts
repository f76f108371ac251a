import { answerPure } from "../../enclave-sim/capabilities/intrinsics/answer-pure.ts";
import { checkChainQuery } from "../../enclave-sim/capabilities/chain/create-chain-calls.ts";
import { checkUrl } from "../../enclave-sim/capabilities/http/check-url.ts";
import {
  createStateSession,
  type StateSession,
} from "../../enclave-sim/capabilities/state/state-session.ts";
import { FabricError, fabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import type {
  CallAnswer,
  ChainAnswer,
  HostAnswer,
  HostCall,
  HttpAnswer,
  HttpRequest,
  Json,
} from "../sdk/abi.ts";
import type { Manifest } from "../sdk/manifest.ts";
import type { RecordedFault } from "./recorded.ts";
import type { TestRun } from "./test-cryptlet.ts";

/** The wall of a test run: answers from what the test recorded, and what was asked. */
export interface RecordedHost {
  /** JSON text of a `HostCall` in, of a `HostAnswer` out. */
  readonly answer: (text: string) => string;
  readonly calls: readonly HostCall[];
  readonly requests: readonly HttpRequest[];
  readonly log: readonly { readonly level: string; readonly message: string }[];
  readonly state: StateSession;
}

const HASH = `0x${"00".repeat(32)}`;
const UNKNOWN_DIGEST = `sha256:${"0".repeat(64)}`;
/** What a manifest without `capabilities.state` would be refused; here for a sketch of one. */
const ANY_STATE = { maxBytes: 1_048_576, maxKeys: 4_096 };

const recorded = <Value extends object>(
  id: string,
  from: Readonly<Record<string, Value | RecordedFault>> | undefined,
): Value => {
  const found = from && Object.hasOwn(from, id) ? from[id] : undefined;
  if (!found) throw fabricError("HTTP_UNREACHABLE", { host: id, reason: "no recorded answer" });
  if ("error" in found) throw new FabricError(found.error, found.arguments ?? {});
  return found;
};

/** `granted` null is a manifest without capabilities, a sketch that may touch everything. */
export const createRecordedHost = (
  run: TestRun,
  granted: Manifest["capabilities"] | null,
): RecordedHost => {
  const calls: HostCall[] = [];
  const requests: HttpRequest[] = [];
  const log: { readonly level: string; readonly message: string }[] = [];
  const entries = new Map(Object.entries(run.state ?? {}));
  const state = createStateSession({ version: 0, entries }, granted?.state ?? ANY_STATE, false);
  let references = 0;
  const need = (capability: string, isGranted: boolean) => {
    if (granted && !isGranted) throw fabricError("CAPABILITY_NOT_GRANTED", { capability });
  };
  const answerHttp = (request: HttpRequest, reference: number): HttpAnswer => {
    const { id } = request;
    try {
      if (granted?.http) checkUrl(request.url, id, granted.http);
      const missing = secretNames(request).find((name) => !(run.secrets ?? []).includes(name));
      if (missing !== undefined) throw fabricError("HTTP_SECRET_UNKNOWN", { name: missing });
      const answer = recorded(id, run.answers);
      const { mode = "EMULATED", status = 200, headers = {}, receivedAt = run.at } = answer;
      return { ok: true, id, reference, mode, status, headers, body: answer.body, receivedAt };
    } catch (error) {
      return { ok: false, id, error: toWire(error) };
    }
  };
  const answerChain = (call: Extract<HostCall, { op: "chain.read" }>): ChainAnswer => {
    const entry = granted?.chains.find(({ chain }) => chain === call.chain);
    if (granted && !entry)
      throw fabricError("CHAIN_READ_REFUSED", { chain: call.chain, reason: "it is not named" });
    if (entry) for (const query of call.queries) checkChainQuery(entry, query);
    return {
      mode: "EMULATED",
      chainId: entry?.chainId ?? 1,
      block: { number: 1, hash: HASH, timestamp: run.at },
      quorum: { agreed: 1, asked: 1 },
      ...recorded(call.id, run.chains),
      reference: (references += 1),
      chain: call.chain,
    };
  };
  const answerCall = (call: Extract<HostCall, { op: "call" }>): CallAnswer => {
    const entry = granted?.calls.find(({ cryptlet }) => cryptlet === call.cryptlet);
    if (granted && !entry?.feeds.some((feed) => feed === call.feed))
      throw fabricError("CALL_REFUSED", { cryptlet: call.cryptlet, reason: "it is not named" });
    return {
      mode: "EMULATED",
      cryptlet: { id: call.cryptlet, version: "0.0.0", measurement: UNKNOWN_DIGEST },
      receipt: UNKNOWN_DIGEST,
      receivedAt: run.at,
      ...recorded(call.id, run.calls),
      reference: (references += 1),
    };
  };
  const act = (call: HostCall): Json => {
    switch (call.op) {
      case "http.all":
        need("http", granted?.http !== undefined);
        requests.push(...call.requests);
        return call.requests.map((request) =>
          answerHttp(request, (references += 1)),
        ) as unknown as Json;
      case "time.now":
        need("time", granted?.time === true);
        return run.at;
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
    answer: (text) => {
      const pure = answerPure(text);
      if (pure) return pure.text;
      const call = JSON.parse(text) as HostCall;
      calls.push(call);
      let answer: HostAnswer;
      try {
        answer = { ok: act(call) };
      } catch (error) {
        answer = { error: toWire(error) };
      }
      return JSON.stringify(answer);
    },
  };
};

const secretNames = (request: HttpRequest): readonly string[] =>
  [...JSON.stringify(request).matchAll(/\{\{secret:(\w+)\}\}/g)].flatMap(([, name]) => name ?? []);
