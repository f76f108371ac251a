import type { DeliveryAnswer } from "../client/answers.ts";
import type { FabricClient } from "../client/fabric-client.ts";

/** What is the matter with a chain, by its name. */
export type ChainTrouble = ReadonlyMap<string, string>;

const ENDED: ReadonlySet<DeliveryAnswer["status"]> = new Set(["final", "superseded", "failed"]);

/**
 * What the host says is the matter with the chains of deliveries that are still on their way. A chain that does not
 * answer holds deliveries up before anything can be stored about them.
 */
export const readChainTrouble = async (
  client: Pick<FabricClient, "health">,
  deliveries: readonly {
    readonly chain: string;
    readonly status: DeliveryAnswer["status"];
  }[],
  options: { readonly signal: AbortSignal },
): Promise<ChainTrouble> => {
  const open = deliveries.filter(({ status }) => !ENDED.has(status));
  const trouble = new Map<string, string>();
  if (open.length === 0) return trouble;
  const { parts } = await client.health(options);
  for (const { chain } of open) {
    const part = parts[`chain-${chain}`];
    if (part && !part.ok) trouble.set(chain, part.detail);
  }
  return trouble;
};
