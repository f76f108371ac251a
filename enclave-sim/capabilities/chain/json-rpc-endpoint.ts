import { z } from "zod";

/** Longest wait for one answer, ms, and its largest size, bytes. */
const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 8_388_608;

/** An answer of an endpoint: a result, or code and data of the error that it gave (EIP-1474). */
export type RpcAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: number; readonly data: unknown };

/** One endpoint that the operator named. It is believed no more than the quorum says. */
export interface JsonRpcEndpoint {
  /** Throws a plain error, which never holds the URL, for everything but an answer: the reader counts it as silence. */
  ask(method: string, parameters: readonly unknown[], signal: AbortSignal): Promise<RpcAnswer>;
}

const answerSchema = z.union([
  z.object({ result: z.unknown(), error: z.undefined().optional() }),
  z.object({ error: z.object({ code: z.number(), data: z.unknown().optional() }) }),
]);

const readBounded = async (response: Response): Promise<string> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new Error("the answer is too large");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
};

const post = async (url: string, body: string, signal: AbortSignal): Promise<RpcAnswer> => {
  const response = await fetch(url, {
    method: "POST",
    redirect: "error",
    headers: { "content-type": "application/json" },
    body,
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  const answer = answerSchema.parse(JSON.parse(await readBounded(response)));
  // A refusal for load or access is no answer of the chain, whatever its body says.
  if (!response.ok && response.status !== 400) throw new Error(`status ${response.status}`);
  return answer.error
    ? { ok: false, code: answer.error.code, data: answer.error.data }
    : { ok: true, result: "result" in answer ? answer.result : null };
};

/**
 * An endpoint over HTTP (JSON-RPC 2.0). Redirects are refused: they would carry the request where nobody allowed it.
 * The URL may hold a key of the operator, and what fetch throws may name it.
 */
export const createJsonRpcEndpoint = (url: string): JsonRpcEndpoint => ({
  ask: async (method, params, signal) => {
    try {
      return await post(url, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }), signal);
    } catch {
      signal.throwIfAborted();
      throw new Error("an endpoint did not answer");
    }
  },
});
