import { Agent, request } from "undici";
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

/** A number as JSON-RPC writes quantities: `0x` hex without leading zeros. */
export const toQuantity = (value: bigint | number): string => `0x${value.toString(16)}`;

/** A code and no text: long messages may hold the request's URL, and the URL a key. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return "no answer";
  return "code" in error && typeof error.code === "string" ? error.code : "no answer";
};

/** Node's own URL form has no place for credentials in a request: they travel as a header. */
const splitCredentials = (text: string) => {
  const url = new URL(text);
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = "";
  url.password = "";
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (pair !== ":") headers["authorization"] = `Basic ${Buffer.from(pair).toString("base64")}`;
  return { url, headers };
};

/** The whole body as text; an endless one ends at the bound. */
const readBounded = async (body: AsyncIterable<Buffer>): Promise<string> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > MAX_ANSWER)
      throw Object.assign(new Error("too large"), { code: "ANSWER_TOO_LARGE" });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
};

/**
 * undici beneath, and no provider of a library above: no network detection, no batching timer, no polling, no redirect,
 * and the node's error objects as they are, so that refusals are told by selector and not by text.
 */
export const createEvmRpc = (options: {
  readonly name: ChainName;
  readonly url: string;
  /** ms; default 15,000. */
  readonly timeoutMs?: number;
}): EvmRpc => {
  const { name, timeoutMs = 15_000 } = options;
  const { url, headers } = splitCredentials(options.url);
  const dispatcher = new Agent({ connect: { timeout: timeoutMs }, pipelining: 1 });
  let id = 0;
  const post = async (body: string, signal: AbortSignal | undefined): Promise<unknown> => {
    const limit = AbortSignal.timeout(timeoutMs);
    const response = await request(url, {
      method: "POST",
      headers,
      body,
      dispatcher,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    const text = await readBounded(response.body);
    if (response.statusCode < 200 || response.statusCode > 299)
      throw Object.assign(new Error("refused"), { code: `HTTP_${response.statusCode}` });
    return JSON.parse(text) as unknown;
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

  return { ask, call: createCall(name, ask) };
};

/** `call` of the port on top of its `ask`. */
export const createCall =
  (name: ChainName, ask: EvmRpc["ask"]): EvmRpc["call"] =>
  async (schema, method, params, options) => {
    const answer = await ask(method, params, options);
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
  };
