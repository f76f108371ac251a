import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import { detectWall } from "../../enclave-sim/wall/detect-wall.ts";
import { createRunId } from "../../src/core/ids.ts";
import type { BenchRow } from "../report.ts";
import { elapsed, idle, loadOptions, quantile, sample, trigger } from "./bench-cryptlets.ts";

const WARM_UP = 30;
const RUNS = 200;

/** What a third party's Cryptlet pays for the outer wall: its start, and each run beside the same one without. */
export const measureWall = async (sealDirectory: string): Promise<BenchRow[]> => {
  const group = "enclave: the outer wall";
  const { available } = await detectWall();
  if (!available)
    return [{ group, name: "there is no outer wall here", value: Number.NaN, unit: "" }];
  const rows: BenchRow[] = [];
  rows.push({
    group,
    name: "a wall started, looked out of and ended",
    value: await elapsed(detectWall),
    unit: "ms",
  });
  const outside: number[] = [];
  for (const wall of ["insecure-none", "required"] as const) {
    const where = wall === "insecure-none" ? "without" : "behind the wall";
    const enclave = createEnclave({ wall });
    const loading = () => enclave.load(idle(3, wall), loadOptions(sealDirectory));
    const warm = await loading();
    // A package of its own has a publisher of its own, and so a process of its own.
    const other = idle(3, `${wall} 2`);
    const load = await elapsed(() => enclave.load(other, loadOptions(sealDirectory)));
    rows.push({ group, name: `load, keys made, ${where}`, value: load, unit: "ms" });
    const run = () => warm.run(trigger, { runId: createRunId() });
    await sample(run, WARM_UP);
    const p50 = quantile(await sample(run, RUNS), 0.5);
    outside.push(p50);
    const [without = Number.NaN] = outside;
    rows.push({
      group,
      name: `warm run, 3 host calls, ${where}, p50`,
      value: p50,
      unit: "ms",
      ...(wall === "required"
        ? { ratio: p50 / without, against: "without", target: "2.3 ms was measured in a trial" }
        : {}),
    });
    await enclave.close();
  }
  return rows;
};
