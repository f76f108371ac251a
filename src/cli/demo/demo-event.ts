import type { VerificationStep } from "../../envelope/verification-report.ts";
import type { SourceEvent } from "../../host/fabric-events.ts";
import type { DemoRefusal } from "./demo-data.ts";

/** What the demo tells as it happens; a renderer turns each into lines. Nothing here is styled. */
export type DemoEvent =
  | { readonly type: "demo-started"; readonly folder: string }
  | { readonly type: "waiting"; readonly what: string }
  | {
      readonly type: "providers-chosen";
      readonly mode: "LIVE" | "EMULATED";
      /** True when the mode was asked for and not found out. */
      readonly asked: boolean;
      /** Hosts of the providers. */
      readonly hosts: readonly string[];
      /** Where the emulator listens; null when live. */
      readonly emulator: string | null;
    }
  | {
      readonly type: "chain-started";
      readonly url: string;
      readonly chainId: number;
      readonly engine: string;
      readonly durationMs: number;
    }
  | {
      readonly type: "enclave-started";
      readonly cryptlet: string;
      readonly version: string;
      readonly measurement: string;
      /** EVM address of the signing key. */
      readonly signer: string;
      readonly simulated: boolean;
      readonly durationMs: number;
    }
  | {
      readonly type: "contracts-deployed";
      /** Name to address, in the order of deployment. */
      readonly contracts: Readonly<Record<string, string>>;
      readonly durationMs: number;
    }
  | {
      readonly type: "fabric-started";
      readonly database: string;
      readonly bus: string;
      readonly feed: string;
      readonly mode: "LIVE" | "EMULATED";
      readonly durationMs: number;
    }
  | {
      readonly type: "run-finished";
      readonly sources: readonly SourceEvent[];
      /** Decimal text; null when the sources did not suffice. */
      readonly value: string | null;
      readonly unit: string;
      readonly spread: string;
      /** Why a round follows. */
      readonly publish: string | null;
      readonly durationMs: number;
    }
  | {
      readonly type: "round-signed";
      readonly round: number;
      /** Integer text in the feed's decimals. */
      readonly signedAnswer: string;
      readonly decimals: number;
      readonly unit: string;
      readonly mode: "LIVE" | "EMULATED";
      readonly simulated: boolean;
      readonly envelope: string;
      readonly signer: string;
      readonly outboxMessageId: string;
    }
  | {
      readonly type: "round-delivered";
      readonly round: number;
      readonly chain: string;
      readonly contract: string;
      readonly transaction: string;
      readonly blockNumber: number;
      /** ms from the signature to the required depth. */
      readonly durationMs: number;
    }
  | {
      readonly type: "consumer-read";
      readonly consumer: string;
      readonly round: number;
      readonly consumerAnswer: string;
      readonly decimals: number;
      readonly unit: string;
      /** ms since epoch. */
      readonly updatedAt: number;
    }
  | { readonly type: "live-cannot-move" }
  /** The services were reached, but no round came of it; `code` of the last failed run, null when none failed. */
  | { readonly type: "live-failed"; readonly code: string | null }
  | {
      readonly type: "price-moved";
      /** Percent text with sign, for example `+1.50`. */
      readonly percent: string;
      /** Percent text of the deviation threshold. */
      readonly threshold: string;
    }
  | { readonly type: "refused"; readonly refusal: DemoRefusal }
  | {
      readonly type: "bundle-verified";
      readonly file: string;
      readonly bytes: number;
      readonly steps: readonly VerificationStep[];
    }
  | {
      readonly type: "finished";
      readonly timings: Readonly<Record<string, number>>;
      readonly rounds: number;
      readonly refusals: number;
    }
  | {
      readonly type: "kept";
      readonly api: string;
      readonly chain: string;
      readonly bundle: string;
      readonly trust: string;
      readonly feed: string;
      readonly consumer: string;
    }
  | { readonly type: "cleaned" };
