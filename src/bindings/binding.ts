import type { FabricConfig } from "../core/config/schema.ts";
import type { ChainName, FeedId } from "../core/ids.ts";

/**
 * Which rounds a contract gets. `every`: each one, in order. `latest`: a round that a newer one has overtaken before a
 * transaction was signed for it is superseded, not sent.
 */
export type BindingMode = FabricConfig["bindings"][number]["mode"];

/**
 * How a contract gets a round. `single`: a feed's observation. Of a batch: `stored` (each listed value in a slot of its
 * own, with an event), `packed` (four to a slot), `root` (one hash; values come with a proof).
 */
export type BindingForm = FabricConfig["bindings"][number]["form"];

/** Which contract on which chain gets a feed; the configuration's `bindings` are these. */
export interface Binding {
  readonly feed: FeedId;
  readonly chain: ChainName;
  /** The feed's own contract, in the chain's notation. */
  readonly contract: string;
  readonly mode: BindingMode;
  /** `single` when left out. */
  readonly form?: BindingForm;
}

/** Bindings of one feed, in the order they were written. */
export const bindingsOf = (bindings: readonly Binding[], feed: FeedId): readonly Binding[] =>
  bindings.filter((binding) => binding.feed === feed);

/**
 * The binding that a stored delivery came from. One that is no longer configured keeps its deliveries: they were
 * promised, so each is put on chain.
 */
export const bindingOf = (
  bindings: readonly Binding[],
  { feed, chain, contract }: Omit<Binding, "mode">,
): Binding =>
  bindings.find(
    (binding) => binding.feed === feed && binding.chain === chain && binding.contract === contract,
  ) ?? { feed, chain, contract, mode: "every" };
