import { setTimeout as sleep } from "node:timers/promises";
import type { Courier, CourierPlan, FaultStage } from "./fault-stage.ts";

/** A run that is still alive after this long has passed the point where it should die, ms. */
const ALIVE_MS = 30_000;
const POLL_MS = 100;

/** True when the courier died by itself, false when everything came to rest before. */
const diesBeforeRest = async (stage: FaultStage, { child, gone }: Courier): Promise<boolean> => {
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const limit = performance.now() + ALIVE_MS;
  while (!isGone() && performance.now() < limit) if (await stage.rest(POLL_MS)) break;
  // What the dying commit brought to rest is seen a moment before the death.
  const died = await Promise.race([gone.then(() => true), sleep(POLL_MS, false)]);
  if (!died && !(await stage.isAtRest())) throw new Error("neither dead nor at rest");
  return died;
};

/**
 * One new round of each feed for every commit of a courier's life, which dies before it in one run and after it in the
 * next, until a run lives to see everything at rest. What a run leaves is found by the one after it.
 */
export const killAtEveryCommit = async (
  stage: FaultStage,
  { first = 1, step = 1, most = 60 }: { first?: number; step?: number; most?: number } = {},
): Promise<number> => {
  let kills = 0;
  for (let commit = first; commit <= most; commit += step) {
    for (const when of ["before", "after"] as const) {
      await stage.commit(1);
      const plan: CourierPlan = { kill: { commit, when } };
      const courier = stage.start(plan);
      if (!(await diesBeforeRest(stage, courier))) {
        await courier.stop();
        return kills;
      }
      kills += 1;
    }
  }
  await settleWith(stage);
  return kills;
};

/** The same for every question that a courier asks its chain: it dies before the node has it, or after. */
export const killAtEveryQuestion = async (
  stage: FaultStage,
  { first = 1, step = 1, most = 80 }: { first?: number; step?: number; most?: number } = {},
): Promise<number> => {
  let kills = 0;
  for (let wanted = first; wanted <= most; wanted += step) {
    for (const forward of [false, true]) {
      await stage.commit(1);
      let asked = 0;
      const courier = stage.start();
      stage.gate.interfere(async ({ method, params, ask }) => {
        asked += 1;
        if (asked < wanted) return null;
        // The node has it, whatever it says to it; what is asked after it is asked by a dead process.
        if (asked === wanted && forward) await ask(method, params).catch(() => undefined);
        await courier.kill();
        return { kind: "break", forward: false };
      });
      const died = await diesBeforeRest(stage, courier);
      stage.gate.interfere(null);
      if (!died) {
        await courier.stop();
        return kills;
      }
      kills += 1;
    }
  }
  await settleWith(stage);
  return kills;
};

/** A courier without faults until all is at rest. */
export const settleWith = async (stage: FaultStage, restMs = 60_000): Promise<void> => {
  const courier = stage.start();
  await courier.ready;
  await stage.rest(restMs);
  await courier.stop();
};
