import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { createRunId } from "../../src/core/ids.ts";
import type { BenchRow } from "../report.ts";
import { idle, loadOptions, quantile, trigger } from "./bench-cryptlets.ts";

/** Packages that differ; every so many instances run the same one, as feeds of one Cryptlet do. */
const PACKAGES = 50;
const LOADERS = 4;
const PER_SECOND = 200;
const SECONDS = 15;
/** Guests start and engines become machine code; what is measured is an enclave that has been up for a while. */
const WARM_UP_SECONDS = 5;

/** Times of runs in ms, and what the process used for them. */
interface Load {
  readonly own: readonly number[];
  readonly total: readonly number[];
  readonly failed: number;
  readonly seconds: number;
  readonly cpuMs: number;
}

const runOnSchedule = async (
  loaded: readonly LoadedCryptlet[],
  forSeconds: number,
): Promise<Load> => {
  const own: number[] = [];
  const total: number[] = [];
  let failed = 0;
  const run = async (cryptlet: LoadedCryptlet) => {
    const asked = performance.now();
    try {
      const { timings } = await cryptlet.run(trigger, { runId: createRunId() });
      const took = performance.now() - asked;
      total.push(took);
      own.push(took - timings.guest - timings.capabilities);
    } catch {
      failed += 1;
    }
  };
  const runs = PER_SECOND * forSeconds;
  const cpu = process.cpuUsage();
  const start = performance.now();
  const running: Promise<void>[] = [];
  let asked = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(((performance.now() - start) / 1_000) * PER_SECOND, runs);
      for (; asked < due; asked += 1) {
        const cryptlet = loaded[(asked * 7) % loaded.length];
        if (cryptlet) running.push(run(cryptlet));
      }
      if (asked < runs) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  await Promise.all(running);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - start) / 1_000;
  return { own, total, failed, seconds, cpuMs: (user + system) / 1_000 };
};

/**
 * So many Cryptlets in one enclave, each with three host calls a run, asked for by an open schedule: a run that is late
 * does not make the next one wait, so that waiting shows. What is judged is the host's own part: the time of a run
 * without its guest's and its capabilities', every wait for a place or a guest included.
 */
export const measureManyInstances = async (
  instances: number,
  sealDirectory: string,
): Promise<BenchRow[]> => {
  const group = `enclave: ${instances} Cryptlets, ${PER_SECOND} runs/s in total`;
  const enclave = createEnclave({ wall: "insecure-none" });
  const packages = Array.from({ length: PACKAGES }, (_, index) => idle(3, String(index)));
  const loaded: LoadedCryptlet[] = [];
  const begun = performance.now();
  const load = async (loader: number) => {
    for (let index = loader; index < instances; index += LOADERS)
      loaded.push(
        await enclave.load(packages[index % PACKAGES] ?? idle(3), loadOptions(sealDirectory)),
      );
  };
  await Promise.all(Array.from({ length: LOADERS }, (_, loader) => load(loader)));
  const loadMs = (performance.now() - begun) / instances;

  await runOnSchedule(loaded, WARM_UP_SECONDS);
  const { own, total, failed, seconds, cpuMs } = await runOnSchedule(loaded, SECONDS);
  const { rssBytes, guests } = await enclave.stats();
  await enclave.close();
  const sorted = own.toSorted((a, b) => a - b);
  const whole = total.toSorted((a, b) => a - b);
  const p99 = quantile(sorted, 0.99);
  return [
    { group, name: "load one of them", value: loadMs, unit: "ms" },
    { group, name: "runs that ended well", value: total.length / seconds, unit: "/s" },
    { group, name: "runs that failed", value: failed, unit: "", target: "0", ok: failed === 0 },
    { group, name: "host's own part of a run, p50", value: quantile(sorted, 0.5), unit: "ms" },
    {
      group,
      name: "host's own part of a run, p99",
      value: p99,
      unit: "ms",
      target: "< 20",
      ok: p99 < 20,
    },
    { group, name: "whole run, p99", value: quantile(whole, 0.99), unit: "ms" },
    { group, name: "cores used", value: cpuMs / 1_000 / seconds, unit: "", target: "< 2" },
    { group, name: "CPU of a run, guest and all", value: cpuMs / total.length, unit: "ms" },
    {
      group,
      name: "memory of the process",
      value: rssBytes / 2 ** 20,
      unit: "MiB",
      target: "< 4,096",
      ok: rssBytes < 2 ** 32,
    },
    { group, name: "guest threads", value: guests, unit: "" },
  ];
};
