import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { Interface } from "ethers";
import { z } from "zod";
import { createEvmRpc } from "../../src/adapters/evm/evm-rpc.ts";
import { chainNameSchema } from "../../src/core/ids.ts";

/** Worker of `world.ts`: asks the feed for its latest round and nothing else, so that asking takes no one's time. */
export interface ReaderData {
  readonly rpcUrl: string;
  readonly feed: string;
}

const LIMIT_MS = 30_000;
/** The reader's own pause, ms: half of it is in every figure. */
const READ_EVERY_MS = 1;

const { rpcUrl, feed } = workerData as ReaderData;
const rpc = createEvmRpc({ name: chainNameSchema.parse("local"), url: rpcUrl });
const aggregator = new Interface([
  "function latestRoundData() view returns (uint80, int256, uint256, uint256, uint80)",
]);
const data = aggregator.encodeFunctionData("latestRoundData");
const now = () => performance.timeOrigin + performance.now();

const readRound = async (): Promise<number> => {
  const answer = await rpc.call(z.string(), "eth_call", [{ to: feed, data }, "latest"]);
  return Number(BigInt(answer.slice(0, 66)));
};

const waitFor = async (round: number): Promise<void> => {
  for (const start = now(); now() - start < LIMIT_MS; await sleep(READ_EVERY_MS))
    if ((await readRound()) >= round) {
      parentPort?.postMessage(now());
      return;
    }
  throw new Error(`round ${round} never landed`);
};

parentPort?.on("message", (round: number) => {
  void waitFor(round);
});
