import { fabricError } from "../../core/errors/fabric-error.ts";
import type { ChainName } from "../../core/ids.ts";
import type { Finality } from "../contract/chain-adapter.ts";
import { blockSchema } from "./chain-answers.ts";
import type { EvmRpc, RpcOptions } from "./evm-rpc.ts";

type Tag = Extract<Finality, { kind: "tag" }>["tag"];

/**
 * What a chain answers for one of its tags. `young`: not yet, and the chain has so few blocks that this says nothing.
 */
export type TagProbe =
  | { readonly kind: "block"; readonly number: number }
  | { readonly kind: "young" }
  | { readonly kind: "unsupported"; readonly reason: string };

/** After four epochs of a beacon chain both tags have left the first block. */
const YOUNG_BLOCKS = 128;

/**
 * Asks a chain for its `safe` or `finalized` block. Consortium chains refuse the tag, answer null, or the first block for
 * ever: told apart from a young chain by its height, because texts and error codes differ by client.
 */
export const probeTag = async (
  rpc: EvmRpc,
  tag: Tag,
  height: number,
  options?: RpcOptions,
): Promise<TagProbe> => {
  const answer = await rpc.ask("eth_getBlockByNumber", [tag, false], options);
  const block = answer.ok ? blockSchema.safeParse(answer.result).data : undefined;
  if (block && (block.number > 0 || height <= YOUNG_BLOCKS))
    return { kind: "block", number: block.number };
  if (height <= YOUNG_BLOCKS) return { kind: "young" };
  if (block) return { kind: "unsupported", reason: "it still names the first block" };
  const reason = answer.ok ? "it answers without a block" : `it refuses (${answer.fault.code})`;
  return { kind: "unsupported", reason };
};

/**
 * Whether a chain can say what its finality waits for: with a tag that it never gives a delivery would wait for ever.
 * Throws `CHAIN_FINALITY_UNSUPPORTED` and what the port throws.
 */
export const checkFinality = async (
  rpc: EvmRpc,
  { name, finality }: { readonly name: ChainName; readonly finality: Finality },
  height: number,
  options?: RpcOptions,
): Promise<void> => {
  if (finality.kind !== "tag") return;
  const { tag } = finality;
  const probe = await probeTag(rpc, tag, height, options);
  if (probe.kind !== "unsupported") return;
  throw fabricError("CHAIN_FINALITY_UNSUPPORTED", { chain: name, tag, reason: probe.reason });
};
