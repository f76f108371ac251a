import type { DemoRefusal } from "./demo-data.ts";

/** The way of a value, as the first thing the demo shows. */
export const PICTURE = [
  "  5 price services        enclave               database         chain",
  "  ┌──────────┐ TLS   ┌─────────────┐ signed  ┌──────────┐ bus ┌───────────┐",
  "  │ sources  │ ────> │ Cryptlet    │ ──────> │ round +  │ ──> │ FeedStore │",
  "  │          │       │ median, key │ envelope│ outbox   │     │ checks it │",
  "  └──────────┘       └─────────────┘         └──────────┘     └───────────┘",
  "                                         your contract reads a price ──^",
].join("\n");

/** What was tried, in words. */
export const refusalWords: Readonly<Record<DemoRefusal["what"], string>> = {
  "tampered envelope": "the price was changed after signing",
  "unknown signer": "a stranger's key signed the same price",
  "replay of an older round": "an older, rightly signed round was offered again",
};

/** What each contract is for. */
export const contractWords: Readonly<Record<string, string>> = {
  keys: "which enclave keys were attested, by whom, for which code",
  logic: "the rules that every feed shares",
  registry: "the feeds of this fabric",
  feedStore: "checks each signature and keeps the rounds; answers like a Chainlink feed",
  consumer: "an ordinary contract that reads a price; knows nothing of this product",
};
