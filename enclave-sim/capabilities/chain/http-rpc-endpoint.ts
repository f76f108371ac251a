import { z } from "zod";
import type { RpcAnswer, RpcEndpoint } from "./rpc-endpoint.ts";

const answerSchema = z.union([
  z.object({ result: z.unknown().nonoptional() }),
  z.object({ error: z.object({ code: z.int(), data: z.unknown() }) }),
]);

/** Bytes of one answer. */
const MAX_BYTES = 16_777_216;

const readBounded = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    const bytes = chunk as Uint8Array;
    size += bytes.length;
    if (size > MAX_BYTES) throw new Error("the answer is too large");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
};

/**
 * `RpcEndpoint` over HTTP. The URL may hold a key of the operator: no error repeats it.
 * `timeoutMs` bounds one request.
 */
export const createHttpRpcEndpoint = (options: {
  readonly url: string;
  readonly timeoutMs: number;
}): RpcEndpoint => ({
  request: async (method, params, { signal }): Promise<RpcAnswer> => {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]);
    try {
      const response = await fetch(options.url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
        redirect: "error",
        signal: bounded,
      });
      const parsed = answerSchema.safeParse(JSON.parse(await readBounded(response)));
      if (parsed.success) return parsed.data;
    } catch {
      signal.throwIfAborted();
      throw new Error("an endpoint did not answer");
    }
    throw new Error("an endpoint did not answer in JSON-RPC");
  },
});
