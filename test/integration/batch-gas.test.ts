import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { startTestChain } from "../support/anvil.ts";
import { batchGasTargets, measureBatches } from "../support/measure-batch-gas.ts";

const file = new URL("../../contracts/batch/gas-snapshot.json", import.meta.url);

it("costs the gas of the snapshot, and no more than the targets (UPDATE_GAS=1 writes it anew)", async () => {
  const figures = await measureBatches(await startTestChain(["--hardfork", "osaka"]));
  for (const [name, target] of Object.entries(batchGasTargets))
    expect(figures[name], name).toBeLessThanOrEqual(target);
  if (process.env["UPDATE_GAS"] === "1")
    writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
  const snapshot = z.record(z.string(), z.int()).parse(JSON.parse(readFileSync(file, "utf8")));
  expect(figures).toEqual(snapshot);
});
