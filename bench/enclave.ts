import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createEnclave } from "../enclave-sim/host/create-enclave.ts";
import { readPackage } from "../enclave-sim/host/read-package.ts";
import { createRunId } from "../src/core/ids.ts";
import { startProviderEmulator } from "../src/emulator/start-provider-emulator.ts";
import {
  elapsed,
  FEED,
  idle,
  loadOptions,
  quantile,
  sample,
  trigger,
} from "./enclave/bench-cryptlets.ts";
import { measureCompute } from "./enclave/compute.ts";
import { measureManyInstances } from "./enclave/many-instances.ts";
import { measureSealing } from "./enclave/sealing.ts";
import { measureWall } from "./enclave/wall-costs.ts";
import { printBench, type BenchRow } from "./report.ts";

const GUESTS = 8;
const WARM_UP = 60;
const RUNS = 300;
/** Start, memory and the time that enclave, journal and threads add to a run. */
export const runEnclaveBench = async (): Promise<BenchRow[]> => {
  const sealDirectory = await mkdtemp(path.join(tmpdir(), "bench-enclave-"));
  const group = "enclave: QuickJS behind two threads";
  const rows: BenchRow[] = [];
  const add = (name: string, value: number, unit: string, target?: number) =>
    rows.push(
      target === undefined
        ? { group, name, value, unit }
        : { group, name, value, unit, target: `< ${target}`, ok: value < target },
    );
  const direct = loadOptions(sealDirectory);

  const begin = performance.now();
  const enclave = createEnclave({ wall: "insecure-none" });
  const first = await enclave.load(idle(0), direct);
  await first.run(trigger, { runId: createRunId() });
  add("cold start: enclave, first Cryptlet, first run", performance.now() - begin, "ms");

  const calling = idle(3);
  add(
    "next Cryptlet: load, measure, keys made",
    await elapsed(() => enclave.load(calling, direct)),
    "ms",
  );
  add(
    "same Cryptlet again: load, keys opened",
    await elapsed(() => enclave.load(calling, direct)),
    "ms",
  );

  const three = await enclave.load(calling, direct);
  for (const [name, cryptlet] of [
    ["no host call", first],
    ["3 host calls", three],
  ] as const) {
    const run = () => cryptlet.run(trigger, { runId: createRunId() });
    await sample(run, WARM_UP);
    const sorted = await sample(run, RUNS);
    add(`warm run, ${name}, p50`, quantile(sorted, 0.5), "ms", 3);
    add(`warm run, ${name}, p90`, quantile(sorted, 0.9), "ms");
  }
  const { transcript } = await three.run(trigger, { runId: createRunId() });
  add(
    "replay of a run with 3 host calls, p50",
    quantile(await sample(() => three.replay(transcript), 50), 0.5),
    "ms",
  );
  const first50 = quantile(
    await sample(() => three.run(trigger, { runId: createRunId() }), 50),
    0.5,
  );
  add("the same run for the first time, p50", first50, "ms");
  add(
    "quote creation: fresh evidence, p50",
    quantile(await sample(() => three.renewEvidence(), 20), 0.5),
    "ms",
  );

  const before = (await enclave.stats()).rssBytes;
  const guestsBefore = (await enclave.stats()).guests;
  // A package of its own is a publisher of its own, with a guest of its own.
  for (let i = 0; i < GUESTS; i++) await enclave.load(idle(0, `guest ${i}`), direct);
  const after = await enclave.stats();
  const perGuest = (after.rssBytes - before) / (after.guests - guestsBefore) / 1e6;
  add(`memory of one more guest (of ${GUESTS})`, perGuest, "MB", 15.5);
  add("guests per GiB", 1_073.741824 / perGuest, "");
  add("initial snapshot", (after.cryptlets[0]?.snapshotBytes ?? 0) / 1e6, "MB");

  const emulator = await startProviderEmulator({ seed: "bench", maxStepPpm: 0 });
  const { address, port, caPem } = emulator;
  const emulated = { mode: "emulated", address, port, caPem, allowPrivateAddresses: true } as const;
  const folder = fileURLToPath(new URL("../cryptlets/gold-price", import.meta.url));
  const gold = await enclave.load(
    await readPackage(folder),
    loadOptions(sealDirectory, "gold-price", emulated),
  );
  const round = { number: 0 };
  const signing: number[] = [];
  const runAndSign = async () => {
    const runId = createRunId();
    await gold.run({ ...trigger, at: Date.now() }, { runId });
    round.number += 1;
    const request = { runId, feed: FEED, round: round.number, epoch: 0, previous: null };
    signing.push(await elapsed(() => gold.sign(request)));
  };
  await sample(runAndSign, 20);
  const p50 = quantile(await sample(runAndSign, 60), 0.5);
  signing.sort((a, b) => a - b);
  add("gold-price: five emulated sources over TLS, run and sign, p50", p50, "ms");
  add("of that: sign both forms, p50", signing[Math.floor(signing.length / 2)] ?? 0, "ms");
  await enclave.close();
  await emulator.close();
  rows.push(...(await measureSealing()));
  rows.push(...(await measureCompute(sealDirectory)));
  rows.push(...(await measureWall(sealDirectory)));
  // Alone it takes minutes: `npm run bench:enclave` asks for it, `npm run bench` does not.
  const instances = Number(process.env["CRYPTLET_BENCH_INSTANCES"] ?? 0);
  if (instances > 0) rows.push(...(await measureManyInstances(instances, sealDirectory)));
  await rm(sealDirectory, { recursive: true, force: true });
  return rows;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  printBench(await runEnclaveBench());
