import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { startTestChain } from "../support/anvil.ts";
import { measureLookupGas } from "../support/measure-lookup-gas.ts";

const file = new URL("../../contracts/pull/gas-snapshot.json", import.meta.url);

it("costs the gas of the snapshot (UPDATE_GAS=1 writes it anew)", async () => {
  const figures = await measureLookupGas(await startTestChain(["--hardfork", "osaka"]));
  if (process.env["UPDATE_GAS"] === "1")
    writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
  const snapshot = z.record(z.string(), z.int()).parse(JSON.parse(readFileSync(file, "utf8")));
  expect(figures).toEqual(snapshot);
});
