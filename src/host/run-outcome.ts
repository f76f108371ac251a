import type { WireError } from "../core/errors/wire.ts";

/** How an event of a feed ended: what its run's row says too. */
export type RunOutcome =
  | { readonly status: "published"; readonly round: number }
  /** A run, or a look at a batch's members, that made no round. */
  | { readonly status: "unchanged" }
  | { readonly status: "failed"; readonly error: WireError }
  /** Another host makes this feed's rounds; nothing was run. */
  | { readonly status: "not-led" };
