import type { Json, ObservationDraft } from "./abi.ts";
import type { RunContext } from "./context.ts";

/** The part of `cryptlet.json` that the guest needs; import the JSON file itself. */
export interface GuestManifest {
  readonly id: string;
  readonly version: string;
  readonly feeds: readonly GuestFeed[];
}

/** One feed of the manifest, as JSON text gives it. */
export interface GuestFeed {
  readonly id: string;
  readonly kind: string;
  readonly decimals?: number;
  readonly unit?: string;
  readonly minSources: number;
  readonly fields?: Readonly<Record<string, string>> | null;
}

/** What the code adds to a feed of the manifest. */
export interface FeedDefinition<Parameters> {
  /** Reads the host's parameters; throws `PARAMETERS_INVALID`. */
  readonly parameters: (parameters: Json) => Parameters;
}

/** A Cryptlet: its manifest, one definition per feed, and the function that answers a trigger. */
export interface Cryptlet<Parameters = unknown> {
  readonly manifest: GuestManifest;
  readonly feeds: Readonly<Record<string, FeedDefinition<Parameters>>>;
  /** Returns one observation, or throws an error of the catalogue to refuse. */
  readonly run: (context: RunContext<Parameters>) => ObservationDraft | Promise<ObservationDraft>;
}

/**
 * Declares a Cryptlet. The main file exports it as `cryptlet`.
 * @example
 * ```ts
 * import manifest from "../cryptlet.json" with { type: "json" };
 * export const cryptlet = defineCryptlet({
 *   manifest,
 *   feeds: { "xau-usd": { parameters: noParameters } },
 *   run: (ctx) => aggregate(ctx.feed, readSources(ctx, sources), { ...rule, market }),
 * });
 * ```
 */
export const defineCryptlet = <Parameters>(cryptlet: Cryptlet<Parameters>): Cryptlet<Parameters> =>
  cryptlet;
