/** Answer of a JSON-RPC server: its result, or the code and data of its error (EIP-1474). */
export type RpcAnswer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly data: unknown } };

/** One JSON-RPC server of a chain. Rejects when there is no answer at all; the reason may hold no URL. */
export interface RpcEndpoint {
  request(
    method: string,
    params: readonly unknown[],
    options: { readonly signal: AbortSignal },
  ): Promise<RpcAnswer>;
}
