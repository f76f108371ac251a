import { Agent, type buildConnector } from "undici";
import { fabricError } from "../core/errors/fabric-error.ts";
import { connectAttested, type ConnectOptions } from "./connect-attested.ts";
import type { AttestedPeer } from "./check-peer.ts";

export interface AttestedAgentOptions extends Pick<
  ConnectOptions,
  "rules" | "freshness" | "identity"
> {
  /** Hears of each peer that was taken, before the first request goes to it. */
  readonly onPeer?: (peer: AttestedPeer) => void;
}

/**
 * A dispatcher for undici: `https` requests over connections whose other end was appraised first. Plain `http` is refused.
 * @example
 * ```ts
 * const dispatcher = createAttestedAgent({ rules, freshness: "challenge" });
 * const { body } = await request("https://127.0.0.1:8643/v1/feeds", { dispatcher });
 * ```
 */
export const createAttestedAgent = (options: AttestedAgentOptions): Agent => {
  const { onPeer, ...rest } = options;
  const open = async (
    { protocol, hostname, port }: buildConnector.Options,
    callback: buildConnector.Callback,
  ): Promise<void> => {
    try {
      if (protocol !== "https:")
        throw fabricError("PEER_CHANNEL_REFUSED", { reason: "it is not encrypted" });
      const address = { host: hostname, port: Number(port || 443) };
      const { socket, peer } = await connectAttested({ ...rest, ...address });
      onPeer?.(peer);
      callback(null, socket);
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)), null);
    }
  };
  return new Agent({ connections: 8, connect: (target, callback) => void open(target, callback) });
};
