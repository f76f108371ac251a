import { FetchRequest } from "ethers";
import { z } from "zod";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { ChainName } from "../../core/ids.ts";

/** JSON-RPC 2.0 over HTTP: one question, one answer. */
export interface EvmRpc {
  /** The node's answer, or its refusal. Throws `CHAIN_UNREACHABLE` and the signal's reason. */
  ask(method: string, params: readonly unknown[], options?: RpcOptions): Promise<RpcAnswer>;
  /** The result, checked. Throws `CHAIN_REFUSED` too. */
  call<Schema extends z.ZodType>(
    schema: Schema,
    method: string,
    params: readonly unknown[],
    options?: RpcOptions,
  ): Promise<z.output<Schema>>;
}

export interface RpcOptions {
  readonly signal?: AbortSignal | undefined;
}

export type RpcAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly fault: RpcFault };

/** A node's refusal. `data` is the revert data where it gave any. */
export interface RpcFault {
  readonly code: number;
  readonly message: string;
  readonly data: string | null;
}

const MAX_ANSWER = 8 * 1_024 * 1_024;
const MAX_REASON = 300;

const answerSchema = z.object({
  result: z.unknown().optional(),
  error: z
    .object({ code: z.number(), message: z.string(), data: z.unknown().optional() })
    .optional(),
});

/** Clients put the bytes at `data`, or one or two levels below it. */
const findRevertData = (data: unknown, depth = 0): string | null => {
  if (typeof data === "string") return /0x[0-9a-f]*/i.exec(data)?.[0] ?? null;
  if (typeof data !== "object" || data === null || depth > 2) return null;
  const inner: { readonly data?: unknown } = data;
  return findRevertData(inner.data, depth + 1);
};

/** `0x` hex quantity as bigint. */
export const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform(BigInt);
/** A quantity that fits a JS number: heights, nonces, times. */
export const smallQuantity = quantity.transform(Number).pipe(z.int().min(0));

/** Ends the wait, and the request with it, when the signal is aborted. */
const abortable = async <Value>(
  work: Promise<Value>,
  cancel: () => void,
  signal: AbortSignal,
): Promise<Value> => {
  signal.throwIfAborted();
  const listening = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const stop = (): void => {
      cancel();
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", stop, { once: true, signal: listening.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    listening.abort();
  }
};

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return "no answer";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  // ethers writes the request's URL, which may hold a key, into its long messages.
  return code === "" ? "no answer" : code;
};

/**
 * ethers' `FetchRequest` without its provider: no network detection, no batching timer, no polling, and the node's
 * error objects as they are, so that refusals are told by selector and not by text.
 */
export const createEvmRpc = (options: {
  readonly name: ChainName;
  readonly url: string;
  /** ms; default 15,000. */
  readonly timeoutMs?: number;
}): EvmRpc => {
  const { name } = options;
  let id = 0;
  const post = async (body: string, signal: AbortSignal | undefined): Promise<unknown> => {
    const request = new FetchRequest(options.url);
    request.timeout = options.timeoutMs ?? 15_000;
    request.body = body;
    request.setHeader("content-type", "application/json");
    request.setThrottleParams({ maxAttempts: 3 });
    const work = request.send();
    // An aborted request rejects after the race is over.
    work.catch(() => undefined);
    const cancel = (): void => {
      try {
        request.cancel();
      } catch {
        // It has ended already.
      }
    };
    const response = await (signal ? abortable(work, cancel, signal) : work);
    response.assertOk();
    if ((response.body?.length ?? 0) > MAX_ANSWER) throw new Error("answer too large");
    return response.bodyJson;
  };

  const ask: EvmRpc["ask"] = async (method, params, { signal } = {}) => {
    const question = JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params });
    let body: unknown;
    try {
      body = await post(question, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw fabricError(
        "CHAIN_UNREACHABLE",
        { chain: name, reason: reasonOf(error) },
        { cause: error },
      );
    }
    const parsed = answerSchema.safeParse(body);
    if (!parsed.success)
      throw fabricError("CHAIN_UNREACHABLE", { chain: name, reason: "not a JSON-RPC answer" });
    const { error, result } = parsed.data;
    if (!error) return { ok: true, result };
    return {
      ok: false,
      fault: {
        code: error.code,
        message: error.message.slice(0, MAX_REASON),
        data: findRevertData(error.data),
      },
    };
  };

  return {
    ask,
    call: async (schema, method, params, rpcOptions) => {
      const answer = await ask(method, params, rpcOptions);
      if (!answer.ok)
        throw fabricError("CHAIN_REFUSED", { chain: name, method, reason: answer.fault.message });
      const parsed = schema.safeParse(answer.result);
      if (!parsed.success)
        throw fabricError("CHAIN_REFUSED", {
          chain: name,
          method,
          reason: "its answer has an unexpected form",
        });
      return parsed.data;
    },
  };
};
