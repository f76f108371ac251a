import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { findProcess, untilGone } from "./until-gone.ts";

test("waits for a process that runs, and not for one that is gone, never was, or was another", async () => {
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  await once(child, "spawn");
  const known = findProcess(child.pid ?? 0);
  if (!known) throw new Error("it runs");
  const order: string[] = [];
  const gone = untilGone(known).then(() => order.push("gone"));
  expect(findProcess(4_194_305)).toBeNull();
  await untilGone({ ...known, start: "1" });
  order.push("another");
  child.kill("SIGKILL");
  await gone;
  expect(order).toEqual(["another", "gone"]);
  await untilGone(known);
});
