import type { CryptletPackage, LoadOptions } from "../../enclave-sim/host/enclave.ts";
import { cryptletIdSchema, fabricIdSchema, feedIdSchema } from "../../src/core/ids.ts";
import { computeFeedHash } from "../../src/envelope/feed-hash.ts";
import type { TriggerInput } from "../../src/sdk/abi.ts";
import { manifestSchema } from "../../src/sdk/manifest.ts";

export const FABRIC = fabricIdSchema.parse("bench");
export const FEED = feedIdSchema.parse("xau-usd");

const draft = {
  feed: "xau-usd",
  value: { kind: "decimal", text: "2650.1", decimals: 8, unit: "USD" },
  observedAt: 1_700_000_000_000,
  market: { status: "open", session: null, nextOpen: null },
  sources: [],
  aggregation: { method: "median", minSources: 1, used: 1, spread: "0" },
};
const manifestInput = {
  id: "bench",
  version: "1.0.0",
  description: "Returns at once",
  feeds: [
    { id: "xau-usd", kind: "decimal", description: "A", minSources: 1, decimals: 8, unit: "USD" },
  ],
  capabilities: { time: true },
};

/** A package whose `handle` does this and returns; `mark` makes its bytes, and so its measurement, its own. */
export const benchPackage = (body: string, mark = ""): CryptletPackage => {
  const answer = JSON.stringify(JSON.stringify({ ok: { observation: draft } }));
  const code = `/* ${mark} */ globalThis.__cryptlet = { handle(text) { ${body}; return ${answer}; } };`;
  return {
    manifest: manifestSchema.parse(manifestInput),
    manifestBytes: Buffer.from(JSON.stringify(manifestInput)),
    bundle: Buffer.from(code),
  };
};

/** A Cryptlet that makes so many host calls and returns: what is left is the fabric's own time. */
export const idle = (hostCalls: number, mark = ""): CryptletPackage =>
  benchPackage(`for (let i = 0; i < ${hostCalls}; i++) __hostCall('{"op":"time.now"}')`, mark);

export const trigger: TriggerInput = {
  id: "bench",
  kind: "interval",
  feed: "xau-usd",
  parameters: null,
  at: 1_700_000_000_000,
};

export const loadOptions = (
  sealDirectory: string,
  cryptlet = "bench",
  sources: LoadOptions["sources"] = { mode: "live", allowPrivateAddresses: false },
): LoadOptions => {
  const id = cryptletIdSchema.parse(cryptlet);
  const served = { fabric: FABRIC, cryptlet: id, feed: FEED, parameters: null };
  const feedHash = computeFeedHash(served);
  return {
    fabric: FABRIC,
    secrets: {},
    sources,
    sealDirectory,
    feeds: [
      { feed: FEED, cryptletFeed: "xau-usd", feedHash, parameters: null, validForMs: 60_000 },
    ],
  };
};

export const elapsed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

/** Samples in ms, in order. */
export const sample = async (
  work: () => Promise<unknown>,
  count: number,
): Promise<readonly number[]> => {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) samples.push(await elapsed(work));
  return samples.toSorted((a, b) => a - b);
};

/** The value below which this share of the sorted samples lies. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
