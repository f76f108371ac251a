import { z } from "zod";
import type { Clock } from "../../src/core/clock.ts";
import { fabricError, isFabricError } from "../../src/core/errors/fabric-error.ts";
import { toWire } from "../../src/core/errors/wire.ts";
import type { HostCall } from "../../src/sdk/abi.ts";
import type { CallContext, Capability, Performed, Provenance } from "../capabilities/capability.ts";
import { type Limits, WALL } from "../protocol/limits.ts";
import type { Journal } from "./journal.ts";

/** Where the host calls of one run are parsed, bounded, answered and journaled. */
export interface CallDesk {
  /** JSON text of a `HostAnswer`. Rejects when the run must end: `HOST_CALL_LIMIT`, `HOST_CALL_INVALID`, `STATE_REFUSED`. */
  readonly answer: (requestText: string, signal: AbortSignal) => Promise<string>;
  readonly calls: number;
  /** ms spent in capabilities. */
  readonly spentMs: number;
  readonly provenance: readonly Provenance[];
}

export interface CallDeskParts {
  /** Every capability that there is; each says itself whether the manifest grants it. */
  readonly capabilities: readonly Capability[];
  readonly limits: Pick<Limits, "maxHostCalls">;
  readonly clock: Clock;
  readonly journal: Journal;
}

type Table = ReadonlyMap<string, Capability>;

export const createCallDesk = (parts: CallDeskParts): CallDesk => {
  const { limits, clock, journal } = parts;
  const table: Table = new Map(
    parts.capabilities.flatMap((capability) =>
      Object.keys(capability.calls).map((op) => [op, capability] as const),
    ),
  );
  const provenance: Provenance[] = [];
  const counters = { calls: 0, spentMs: 0, characters: 0, references: 0 };
  const nextReference = () => ++counters.references;
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
      const { op, response, seen } = await answerOne(table, requestText, { signal, nextReference });
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

const answerOne = async (
  table: Table,
  requestText: string,
  context: CallContext,
): Promise<{ op: string; response: string; seen: readonly Provenance[] }> => {
  let op = "unknown";
  try {
    const found = findCapability(table, requestText);
    op = found.call.op;
    const { ok, provenance } = await found.perform(context);
    return { op, response: JSON.stringify({ ok }), seen: provenance };
  } catch (error) {
    // An aborted run has no next step that could use an answer.
    context.signal.throwIfAborted();
    // Whether what was stored is whole is not for a guest to judge.
    if (isFabricError(error, "STATE_REFUSED")) throw error;
    const fault = error instanceof RangeError ? invalid("it is nested too deeply") : error;
    return { op, response: JSON.stringify({ error: toWire(fault) }), seen: [] };
  }
};

const invalid = (reason: string) => fabricError("HOST_CALL_INVALID", { reason });
/** What the journal would hash as another text. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const opSchema = z.looseObject({ op: z.string().max(64) });

/** The capability that a call's text asks for, and the call in its strict form. */
const findCapability = (
  table: Table,
  text: string,
): {
  readonly call: HostCall;
  readonly perform: (context: CallContext) => Promise<Performed>;
} => {
  if (text.length > WALL.callCharacters) throw invalid(`it has ${text.length} characters`);
  if (LONE_SURROGATE.test(text)) throw invalid("half of a surrogate pair");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid("it is not JSON");
  }
  const { op } = opSchema.safeParse(json).data ?? {};
  const capability = op === undefined ? undefined : table.get(op);
  if (!capability) throw invalid("op: none of the enclave's calls");
  const forms: Readonly<Record<string, z.ZodType<HostCall>>> = capability.calls;
  const parsed = forms[op ?? ""]?.safeParse(json);
  if (!parsed?.success) {
    const [issue] = parsed?.error.issues ?? [];
    const where = issue?.path.join(".") || "call";
    throw invalid(`${where}: ${issue?.message ?? "wrong"}`.slice(0, 300));
  }
  const { data } = parsed;
  return {
    call: data,
    perform: async (context) => {
      if (!capability.granted)
        throw fabricError("CAPABILITY_NOT_GRANTED", { capability: capability.name });
      // Its own form parsed it.
      return capability.perform(data as never, context);
    },
  };
};
