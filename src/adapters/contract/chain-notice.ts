import type { ErrorCode } from "../../core/errors/catalogue.ts";
import type { ChainName } from "../../core/ids.ts";

/** Something about a chain that people who run a host want to hear of, besides what its deliveries say. */
export type ChainNotice =
  /** Blocks were replaced; deliveries in them go back to `submitted`. */
  | {
      readonly type: "reorganised";
      readonly chain: ChainName;
      /** Blocks that are gone. */
      readonly depth: number;
      /** Lowest of them. */
      readonly from: number;
      readonly deliveries: readonly string[];
    }
  /** The same, and these deliveries had counted as final: the configured finality is too shallow for this chain. */
  | {
      readonly type: "finality-broken";
      readonly chain: ChainName;
      readonly depth: number;
      readonly deliveries: readonly string[];
    }
  /** The submitter's loop ran into this and tries again after `pauseMs`. */
  | {
      readonly type: "waiting";
      readonly chain: ChainName;
      readonly code: ErrorCode;
      readonly pauseMs: number;
    }
  /** Nonces that nothing would have used were filled, or jobs numbered anew. */
  | {
      readonly type: "nonces-mended";
      readonly chain: ChainName;
      readonly how: "fill" | "renumber";
      readonly from: number;
    };
