import type { Clock } from "../../src/core/clock.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { toWire } from "../../src/core/errors/wire.ts";
import type { HostCall, Json } from "../../src/sdk/abi.ts";
import type { Manifest } from "../../src/sdk/manifest.ts";
import type { HttpCapability, Provenance } from "../capabilities/capability.ts";
import type { GuestLogger } from "../capabilities/guest-log.ts";
import { answerRandom } from "../capabilities/random.ts";
import { answerTime } from "../capabilities/time.ts";
import { hostCallSchema } from "../protocol/abi-schemas.ts";
import { type Limits, WALL } from "../protocol/limits.ts";
import type { Journal } from "./journal.ts";

/** Where the host calls of one run are parsed, bounded, answered and journaled. */
export interface CallDesk {
  /** JSON text of a `HostAnswer`. Rejects when the run must end: `HOST_CALL_LIMIT`, `HOST_CALL_INVALID`. */
  readonly answer: (requestText: string, signal: AbortSignal) => Promise<string>;
  readonly calls: number;
  /** ms spent in capabilities. */
  readonly spentMs: number;
  readonly provenance: readonly Provenance[];
}

export interface CallDeskParts {
  readonly capabilities: Manifest["capabilities"];
  readonly limits: Limits;
  readonly http: HttpCapability | null;
  readonly clock: Clock;
  readonly logger: GuestLogger;
  readonly journal: Journal;
}

interface Answered {
  readonly ok: Json;
  readonly provenance: readonly Provenance[];
}

export const createCallDesk = (parts: CallDeskParts): CallDesk => {
  const { limits, clock, journal } = parts;
  const provenance: Provenance[] = [];
  const counters = { calls: 0, spentMs: 0, characters: 0, references: 0 };
  const perform = async (call: HostCall, signal: AbortSignal): Promise<Answered> => {
    switch (call.op) {
      case "http.all":
        return performHttp(parts.http, call.requests, signal, () => ++counters.references);
      case "time.now":
        return only(answerTime(parts.capabilities.time, clock));
      case "random.bytes":
        return only(answerRandom(parts.capabilities.random, call.length));
      case "log":
        return only(parts.logger.write(call));
    }
  };
  return {
    get calls() {
      return counters.calls;
    },
    get spentMs() {
      return counters.spentMs;
    },
    provenance,
    answer: async (requestText, signal) => {
      counters.calls += 1;
      if (counters.calls > limits.maxHostCalls)
        throw fabricError("HOST_CALL_LIMIT", { limit: limits.maxHostCalls });
      const start = clock.monotonic();
      const { op, response, seen } = await answerOne(requestText, signal, perform);
      counters.spentMs += clock.monotonic() - start;
      counters.characters += requestText.length + response.length;
      if (counters.characters > WALL.answersCharacters)
        throw fabricError("HOST_CALL_INVALID", {
          reason: `the answers of one run have more than ${WALL.answersCharacters} characters`,
        });
      provenance.push(...seen);
      journal.append({ op, request: requestText, response, provenance: seen });
      return response;
    },
  };
};

const only = (ok: Json): Answered => ({ ok, provenance: [] });

const performHttp = async (
  http: HttpCapability | null,
  requests: Extract<HostCall, { op: "http.all" }>["requests"],
  signal: AbortSignal,
  nextReference: () => number,
): Promise<Answered> => {
  if (!http) throw fabricError("CAPABILITY_NOT_GRANTED", { capability: "http" });
  const exchanges = await http.all(requests, { signal, nextReference });
  return {
    ok: exchanges.map(({ answer }) => answer as unknown as Json),
    provenance: exchanges.map((exchange) => exchange.provenance),
  };
};

const answerOne = async (
  requestText: string,
  signal: AbortSignal,
  perform: (call: HostCall, signal: AbortSignal) => Promise<Answered>,
): Promise<{ op: string; response: string; seen: readonly Provenance[] }> => {
  let op = "unknown";
  try {
    const call = parseCall(requestText);
    op = call.op;
    const { ok, provenance } = await perform(call, signal);
    return { op, response: JSON.stringify({ ok }), seen: provenance };
  } catch (error) {
    // An aborted run has no next step that could use an answer.
    signal.throwIfAborted();
    return { op, response: JSON.stringify({ error: toWire(error) }), seen: [] };
  }
};

const parseCall = (text: string): HostCall => {
  if (text.length > WALL.callCharacters)
    throw fabricError("HOST_CALL_INVALID", { reason: `it has ${text.length} characters` });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw fabricError("HOST_CALL_INVALID", { reason: "it is not JSON" });
  }
  const parsed = hostCallSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw fabricError("HOST_CALL_INVALID", {
    reason: `${issue?.path.join(".") || "call"}: ${issue?.message ?? "wrong"}`.slice(0, 300),
  });
};
