import { Script } from "node:vm";
import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import { createRunId } from "../../src/core/ids.ts";
import type { BenchRow } from "../report.ts";
import { benchPackage, elapsed, loadOptions, trigger } from "./bench-cryptlets.ts";

const LOOPS = 3_000_000;
/** The same text for both engines. */
const WORK = `let a = 1, b = 1; for (let i = 0; i < ${LOOPS}; i++) { a = (a * 48271) % 2147483647; b = (b + (a & 255)) | 0; } globalThis.__sum = b`;

/** Computing in lane js beside the same text on V8: what an interpreter costs, and why heavy work belongs into wasm. */
export const measureCompute = async (sealDirectory: string): Promise<BenchRow[]> => {
  const group = "enclave: CPU-bound work";
  const enclave = createEnclave({ wall: "insecure-none" });
  const [busy, nothing] = [
    await enclave.load(benchPackage(WORK), loadOptions(sealDirectory)),
    await enclave.load(benchPackage(""), loadOptions(sealDirectory)),
  ];
  const runOf = (cryptlet: typeof busy) => () => cryptlet.run(trigger, { runId: createRunId() });
  for (const cryptlet of [busy, nothing]) await runOf(cryptlet)();
  const guest = (await elapsed(runOf(busy))) - (await elapsed(runOf(nothing)));
  await enclave.close();
  const script = new Script(`(() => { ${WORK} })()`);
  const onV8 = async () => script.runInThisContext() as unknown;
  await onV8();
  const native = await elapsed(onV8);
  return [
    { group, name: `${LOOPS / 1e6} million steps on V8`, value: native, unit: "ms" },
    {
      group,
      name: `${LOOPS / 1e6} million steps in lane js`,
      value: guest,
      unit: "ms",
      ratio: guest / native,
      against: "V8",
    },
  ];
};
