import type { WireError } from "../../core/errors/wire.ts";
import type { SourceEvent } from "../../host/fabric-events.ts";

/** How the sources of a running `cryptlet dev` are reached; `recorded` and `emulated` values are marked EMULATED. */
export type DevSources = "live" | "recorded" | "emulated" | "none";

/** An error as a line of `--json` holds it. */
export interface DevFault {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** Lines of the guest's stack in its own source; empty where there is none. */
  readonly stack: readonly string[];
}

/** The market clock: every time that a Cryptlet, a statement or the local chain sees. */
export interface DevTime {
  /** ms since epoch, market time. */
  readonly now: number;
  /** Market ms that pass in one real ms; 0 stands still. */
  readonly speed: number;
  /** False while it is the machine's own time. */
  readonly moved: boolean;
}

/** A feed of the manifest as this session serves it. */
export interface DevFeed {
  readonly id: string;
  readonly kind: "decimal" | "record";
  readonly decimals: number | null;
  readonly unit: string | null;
  /** Its own contract on the local chain; null without a chain and for a record. */
  readonly contract: string | null;
}

/** What `cryptlet dev` tells as it happens: one JSON document per line, or lines for people. Times are ms since epoch. */
export type DevEvent =
  | {
      readonly type: "built";
      readonly cryptlet: string;
      readonly version: string;
      /** Bytes of the code. */
      readonly bytes: number;
      readonly durationMs: number;
    }
  /** The code that ran before goes on. */
  | { readonly type: "build-failed"; readonly error: DevFault; readonly running: boolean }
  | {
      readonly type: "sources";
      readonly mode: DevSources;
      readonly hosts: readonly string[];
      /** File or folder of the recording. */
      readonly recording: string | null;
      /** Why it is so, in words. */
      readonly reason: string;
    }
  | { readonly type: "chain-started"; readonly url: string; readonly chainId: number }
  | { readonly type: "chain-missing"; readonly reason: string }
  | {
      readonly type: "ready";
      readonly url: string;
      /** Where this session is told to run, to move its clock, to end. */
      readonly control: string;
      readonly rpc: string | null;
      readonly chainId: number | null;
      readonly feeds: readonly DevFeed[];
      readonly folder: string;
      readonly simulated: true;
      readonly time: DevTime;
    }
  | { readonly type: "clock"; readonly time: DevTime }
  | { readonly type: "changed"; readonly files: readonly string[] }
  /** Nothing of what was saved is part of the package. */
  | { readonly type: "unchanged"; readonly durationMs: number }
  | { readonly type: "reloading" }
  | {
      readonly type: "reloaded";
      readonly cryptlet: string;
      readonly version: string;
      readonly measurement: string;
      /** From the change that was seen to the first run of the new code. */
      readonly durationMs: number;
    }
  | { readonly type: "reload-failed"; readonly error: DevFault; readonly running: boolean }
  | {
      readonly type: "run-started";
      readonly feed: string;
      readonly run: string;
      readonly trigger: string;
      readonly at: number;
    }
  | {
      readonly type: "run-finished";
      readonly feed: string;
      readonly run: string;
      readonly sources: readonly SourceEvent[];
      /** Decimal text; null for a record. */
      readonly value: string | null;
      readonly unit: string | null;
      readonly spread: string;
      /** Why a round follows; null when the value stays unpublished. */
      readonly publish: string | null;
      readonly durationMs: number;
    }
  | {
      readonly type: "run-failed";
      readonly feed: string;
      readonly run: string;
      readonly error: WireError;
      /** Lines of the guest's stack in its own source, where its map is at hand. */
      readonly stack: readonly string[];
    }
  | {
      readonly type: "envelope";
      readonly feed: string;
      readonly round: number;
      /** Integer text in the feed's decimals; null for a record. */
      readonly answer: string | null;
      /** What is signed: decimal text with decimals and unit, or the record's fields. */
      readonly value: unknown;
      readonly mode: "LIVE" | "EMULATED";
      readonly simulated: boolean;
      readonly observedAt: number;
      readonly validUntil: number;
      readonly envelope: string;
      readonly signer: string;
    }
  | {
      readonly type: "delivered";
      readonly feed: string;
      readonly round: number;
      readonly contract: string;
      readonly transaction: string | null;
      readonly blockNumber: number | null;
    }
  | {
      readonly type: "delivery-failed";
      readonly feed: string;
      readonly round: number;
      readonly contract: string;
      readonly code: string | null;
    }
  | {
      /** `latestRoundData()` of the feed's contract, as a contract written for Chainlink reads it. */
      readonly type: "chain-read";
      readonly feed: string;
      readonly contract: string;
      readonly round: number;
      /** Integer text. */
      readonly answer: string;
      readonly decimals: number;
      readonly updatedAt: number;
      /** Of the block that it was read at. */
      readonly blockTime: number;
    }
  | {
      readonly type: "log";
      readonly level: string;
      readonly message: string;
      readonly run: string | null;
    }
  /** A request to which the recording has no answer. */
  | { readonly type: "not-recorded"; readonly method: string; readonly url: string }
  | { readonly type: "recorded"; readonly file: string; readonly answers: number }
  | { readonly type: "record-failed"; readonly error: DevFault }
  | { readonly type: "note"; readonly message: string }
  | { readonly type: "stopped" };
