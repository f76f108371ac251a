import { fabricError, isFabricError } from "../../../src/core/errors/fabric-error.ts";
import { systemCode } from "../../../src/core/errors/system-code.ts";
import type { HostAnswer, Json } from "../../../src/sdk/abi.ts";
import { WALL } from "../../protocol/limits.ts";
import { PURE_FUNCTIONS } from "./pure-functions.ts";
import { takeBytes } from "./pure-bytes.ts";

/** Answer to a `pure.*` call: JSON text of a `HostAnswer`, and what it costs. */
export interface PureAnswer {
  readonly text: string;
  /** Ticks of lane js, each about 10,000 steps of bytecode: the same on every machine. */
  readonly fuel: number;
}

const BYTES_PER_TICK = 16_384;

/**
 * Answers a host call that is pure, inside the guest's own worker; null for every other, which then goes to the enclave.
 * What it gives depends on its argument alone. Call it first in a lane's `host_call` and charge its fuel.
 * @example
 * ```ts
 * const pure = answerPure(requestText);
 * if (pure) { ticker.fuel += pure.fuel; return pure.text; }
 * return host.call(requestText);
 * ```
 */
export const answerPure = (requestText: string): PureAnswer | null => {
  if (requestText.length > WALL.callCharacters || !requestText.includes('"pure.')) return null;
  const call = parseObject(requestText);
  const op = call?.["op"];
  if (!call || typeof op !== "string" || !op.startsWith("pure.")) return null;
  const pure = PURE_FUNCTIONS.get(op);
  if (!pure) return refuse("op: no pure function", 1);
  const fuel = pure.ticks + Math.ceil(requestText.length / BYTES_PER_TICK);
  try {
    const { op: _, ...rest } = call;
    const { bytes, others } = takeBytes(rest);
    return accept(pure.perform(bytes, textsOf(others, pure.fields)), fuel);
  } catch (error) {
    // Code that is not there is no fault of the guest's bytes: the run must end, not go on with a wrong answer.
    if (systemCode(error)?.endsWith("MODULE_NOT_FOUND")) throw error;
    return refuse(isFabricError(error) ? String(error.arguments["reason"]) : "wrong bytes", fuel);
  }
};

const parseObject = (text: string): Readonly<Record<string, unknown>> | null => {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && !Array.isArray(json)
      ? (json as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
};

/** Exactly the fields of the function, all of them text. */
const textsOf = (
  given: Readonly<Record<string, unknown>>,
  fields: readonly string[],
): Readonly<Record<string, string>> => {
  const texts: Record<string, string> = {};
  for (const name of fields) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (typeof value !== "string")
      throw fabricError("HOST_CALL_INVALID", { reason: `${name}: text is expected` });
    texts[name] = value;
  }
  if (Object.keys(given).length !== fields.length)
    throw fabricError("HOST_CALL_INVALID", { reason: "a field too many" });
  return texts;
};

const accept = (ok: Json, fuel: number): PureAnswer => ({
  text: JSON.stringify({ ok } satisfies HostAnswer),
  fuel,
});

const refuse = (reason: string, fuel: number): PureAnswer => {
  const { code, message, hint } = fabricError("HOST_CALL_INVALID", { reason });
  const error = { code, message, hint, arguments: { reason } };
  return { text: JSON.stringify({ error } satisfies HostAnswer), fuel };
};
