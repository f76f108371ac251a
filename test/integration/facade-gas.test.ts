import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { startTestChain } from "../support/anvil.ts";
import { facadePeers, measureFacadeGas } from "../support/measure-facade-gas.ts";

const file = new URL("../../contracts/facade-gas-snapshot.json", import.meta.url);

it("costs through facades the gas of the snapshot, less than the peers (UPDATE_GAS=1 writes it anew)", async () => {
  const figures = await measureFacadeGas(await startTestChain());
  if (process.env["UPDATE_GAS"] === "1")
    writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
  for (const { ours, gas } of facadePeers) expect(figures[ours], ours).toBeLessThan(gas);
  const snapshot = z.record(z.string(), z.int()).parse(JSON.parse(readFileSync(file, "utf8")));
  expect(figures).toEqual(snapshot);
});
