import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { openGoldStage } from "../../test/support/gold-stage.ts";
import type { ReaderData } from "./reader.ts";

/**
 * Child process of `bench/end-to-end.ts`: providers, chain and the reader of the contract, so that the host has a
 * process of its own, as it has in earnest. Times are ms since epoch, with fractions.
 */
export interface WorldReady {
  readonly configFile: string;
}

/** A change of price, from the moment the providers have it to the moment a reader of the contract sees its round. */
export interface WorldChange {
  readonly changedAt: number;
  readonly readableAt: number;
}

const DAY_MS = 86_400_000;

const [folder = "", intervalMs = "0", blockTime = ""] = process.argv.slice(2);
const ending = new AbortController();
const stage = await openGoldStage({
  folder,
  feed: { intervalMs: Number(intervalMs), heartbeatMs: DAY_MS, deviationPpm: 1_000 },
  signal: ending.signal,
  ...(blockTime === "" ? {} : { blockTime: Number(blockTime) }),
});
const now = () => performance.timeOrigin + performance.now();

const reader = new Worker(new URL("reader.js", import.meta.url), {
  workerData: { rpcUrl: stage.rpcUrl, feed: stage.contracts.feedStore } satisfies ReaderData,
});

let round = 0;
process.on("message", (price: string | null) => {
  const change = async () => {
    if (price !== null) stage.emulator.setPrice(price);
    const changedAt = now();
    round += 1;
    reader.postMessage(round);
    const [readableAt] = (await once(reader, "message")) as [number];
    process.send?.({ changedAt, readableAt } satisfies WorldChange);
  };
  void change();
});
const close = async (): Promise<void> => {
  await reader.terminate();
  await stage.close();
  ending.abort();
  process.exit(0);
};
process.on("disconnect", () => {
  void close();
});
process.send?.({ configFile: stage.configFile } satisfies WorldReady);
