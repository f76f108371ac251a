import { setTimeout as sleep } from "node:timers/promises";
import type { Keep } from "./evm-engines.ts";
import type { FaultStage } from "./fault-stage.ts";

const LIMIT_MS = 30_000;

/** Transactions of the account that the chain has. */
const landed = async ({ engine, signer }: FaultStage): Promise<number> =>
  Number(await engine.ask("eth_getTransactionCount", signer, "latest"));

/**
 * Commits a round of each feed, makes blocks until all of their transactions are in one, goes on to a depth, and then
 * replaces exactly as many blocks as hold the first of them.
 */
export const reorganise = async (
  stage: FaultStage,
  { depth, keep, blockMs = 60 }: { depth: number; keep: Keep; blockMs?: number },
): Promise<void> => {
  const { engine, feeds } = stage;
  engine.autoMine(null);
  const wanted = (await landed(stage)) + feeds.length;
  await stage.commit(1);
  let mined = 0;
  const limit = performance.now() + LIMIT_MS;
  for (let before = await landed(stage), now = before; now < wanted || mined < depth;) {
    if (performance.now() > limit) throw new Error("no transaction to reorganise");
    await engine.mine();
    now = await landed(stage);
    if (now > before) mined += 1;
    // Let the courier see blocks one after another, and send.
    await sleep(20);
  }
  await engine.reorg(mined, { keep });
  engine.autoMine(blockMs);
};

/** Every way that a transaction may take, in reorgs of each depth, under one courier. */
export const reorganiseAll = async (
  stage: FaultStage,
  depths: readonly number[],
  keeps: readonly Keep[] = ["same", "moved", "gone"],
): Promise<number> => {
  const courier = stage.start();
  await courier.ready;
  let reorgs = 0;
  for (const depth of depths)
    for (const keep of keeps) {
      await reorganise(stage, { depth, keep });
      reorgs += 1;
      if (!(await stage.rest(LIMIT_MS))) return reorgs;
    }
  await courier.stop();
  return reorgs;
};
