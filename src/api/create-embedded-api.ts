import { randomBytes } from "node:crypto";
import { Secret } from "../core/config/secret.ts";
import { silentLog, type Log } from "../core/log.ts";
import type { Fabric } from "../host/fabric.ts";
import { createApi } from "./create-api.ts";

/** The API of a fabric of this process, without a socket: what `createFabricClient({ embedded })` takes. */
export interface EmbeddedApi {
  /** As the platform's `fetch`; only the path of the URL matters, and nothing leaves this process. */
  readonly fetch: typeof globalThis.fetch;
  /** Ends questions that wait. The fabric goes on. */
  close(): Promise<void>;
}

/**
 * Ask a fabric of this process as if over HTTP: the same routes, rules and errors. Whoever holds it may do everything,
 * because it is the process that runs the fabric.
 * @example
 * ```ts
 * import { createEmbeddedApi, type Fabric } from "cryptlet-fabric";
 * import { createFabricClient } from "cryptlet-fabric/client";
 *
 * export const readGold = async (fabric: Fabric): Promise<string | null> => {
 *   const client = createFabricClient({ embedded: createEmbeddedApi({ fabric }) });
 *   return (await client.feeds.latest("xau-usd")).answer;
 * };
 * ```
 */
export const createEmbeddedApi = (parts: {
  readonly fabric: Fabric;
  readonly log?: Log;
}): EmbeddedApi => {
  // Nobody else ever learns it: what asks through here is let in, and there is no other way in.
  const token = new Secret(randomBytes(32).toString("hex"));
  const api = createApi({ fabric: parts.fabric, log: parts.log ?? silentLog, token });
  return {
    fetch: async (input, init) => {
      const request = new Request(input, init);
      request.headers.set("authorization", `Bearer ${token.reveal()}`);
      return await api.inject(request);
    },
    close: () => api.close(),
  };
};
