import { setTimeout as sleep } from "node:timers/promises";
import { isFabricError } from "../../src/core/errors/fabric-error.ts";
import { openGoldStage } from "../../test/support/gold-stage.ts";

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
const LIMIT_MS = 30_000;
/** The reader's own pause, ms: half of it is in every figure. */
const READ_EVERY_MS = 2;

const [folder = "", intervalMs = "0", blockTime = ""] = process.argv.slice(2);
const ending = new AbortController();
const stage = await openGoldStage({
  folder,
  feed: { intervalMs: Number(intervalMs), heartbeatMs: DAY_MS, deviationPpm: 1_000 },
  signal: ending.signal,
  ...(blockTime === "" ? {} : { blockTime: Number(blockTime) }),
});
const now = () => performance.timeOrigin + performance.now();

/** The round that the consumer contract reads; 0 while it refuses because there is none. */
const readRound = async (): Promise<number> => {
  try {
    return (await stage.chain.read(stage.contracts)).round;
  } catch (error) {
    if (isFabricError(error, "ONCHAIN_REFUSED")) return 0;
    throw error;
  }
};

const waitFor = async (round: number): Promise<void> => {
  for (const start = now(); now() - start < LIMIT_MS; await sleep(READ_EVERY_MS))
    if ((await readRound()) >= round) return;
  throw new Error(`round ${round} never landed`);
};

let round = 0;
process.on("message", (price: string | null) => {
  const change = async () => {
    if (price !== null) stage.emulator.setPrice(price);
    const changedAt = now();
    round += 1;
    await waitFor(round);
    process.send?.({ changedAt, readableAt: now() } satisfies WorldChange);
  };
  void change();
});
const close = async (): Promise<void> => {
  await stage.close();
  ending.abort();
  process.exit(0);
};
process.on("disconnect", () => {
  void close();
});
process.send?.({ configFile: stage.configFile } satisfies WorldReady);
