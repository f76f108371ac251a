import type { Log } from "../../core/log.ts";
import type { DemoChain } from "./demo-chain.ts";
import type { DemoEvent } from "./demo-event.ts";
import type { Stopwatch } from "./stopwatch.ts";

/** What every act of the demo plays on. */
export interface DemoStage {
  /** Temporary folder; gone at the end. */
  readonly folder: string;
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly chain: DemoChain;
  readonly stopwatch: Stopwatch;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly emit: (event: DemoEvent) => void;
  /** Undone at the end, the last one first, whatever happens before. */
  readonly defer: (undo: () => Promise<void>) => void;
  readonly addContracts: (
    mode: "LIVE" | "EMULATED",
    contracts: Readonly<Record<string, string>>,
  ) => void;
}
