import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createEnclave } from "../enclave-sim/host/create-enclave.ts";
import type { CryptletPackage, LoadOptions } from "../enclave-sim/host/enclave.ts";
import { readPackage } from "../enclave-sim/host/read-package.ts";
import { createRunId, cryptletIdSchema, fabricIdSchema, feedIdSchema } from "../src/core/ids.ts";
import { startProviderEmulator } from "../src/emulator/start-provider-emulator.ts";
import { computeFeedHash } from "../src/envelope/feed-hash.ts";
import type { TriggerInput } from "../src/sdk/abi.ts";
import { manifestSchema } from "../src/sdk/manifest.ts";
import { printBench, type BenchRow } from "./report.ts";

const GUESTS = 8;
const WARM_UP = 60;
const RUNS = 300;
const FABRIC = fabricIdSchema.parse("bench");
const FEED = feedIdSchema.parse("xau-usd");

const draft = {
  feed: "xau-usd",
  value: { kind: "decimal", text: "2650.1", decimals: 8, unit: "USD" },
  observedAt: 1_700_000_000_000,
  market: { status: "open", session: null, nextOpen: null },
  sources: [],
  aggregation: { method: "median", minSources: 1, used: 1, spread: "0" },
};
const manifestInput = {
  id: "bench",
  version: "1.0.0",
  description: "Returns at once",
  feeds: [
    {
      id: "xau-usd",
      kind: "decimal",
      description: "A",
      minSources: 1,
      decimals: 8,
      unit: "USD",
    },
  ],
  capabilities: { time: true },
};

/** A Cryptlet that makes so many host calls and returns: what is left is the fabric's own time. */
const idle = (hostCalls: number): CryptletPackage => {
  const body = `for (let i = 0; i < ${hostCalls}; i++) __hostCall('{"op":"time.now"}');
    return ${JSON.stringify(JSON.stringify({ ok: { observation: draft } }))};`;
  return {
    manifest: manifestSchema.parse(manifestInput),
    manifestBytes: Buffer.from(JSON.stringify(manifestInput)),
    bundle: Buffer.from(`globalThis.__cryptlet = { handle() { ${body} } };`),
  };
};

const trigger: TriggerInput = {
  id: "bench",
  kind: "interval",
  feed: "xau-usd",
  parameters: null,
  at: 1_700_000_000_000,
};

const elapsed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

/** p50 and p90 in ms. */
const percentiles = async (work: () => Promise<unknown>, count: number) => {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) samples.push(await elapsed(work));
  samples.sort((a, b) => a - b);
  const at = (share: number) => samples[Math.floor(samples.length * share)] ?? 0;
  return { p50: at(0.5), p90: at(0.9) };
};

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
  const options = (cryptlet: string, sources: LoadOptions["sources"]): LoadOptions => {
    const id = cryptletIdSchema.parse(cryptlet);
    const served = { fabric: FABRIC, cryptlet: id, feed: FEED, parameters: null };
    return {
      fabric: FABRIC,
      secrets: {},
      sources,
      sealDirectory,
      feeds: [
        {
          feed: FEED,
          cryptletFeed: "xau-usd",
          feedHash: computeFeedHash(served),
          parameters: null,
          validForMs: 60_000,
        },
      ],
    };
  };
  const direct = options("bench", { mode: "live", allowPrivateAddresses: false });

  const begin = performance.now();
  const enclave = createEnclave();
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
    await percentiles(run, WARM_UP);
    const { p50, p90 } = await percentiles(run, RUNS);
    add(`warm run, ${name}, p50`, p50, "ms", 3);
    add(`warm run, ${name}, p90`, p90, "ms");
  }
  const { transcript } = await three.run(trigger, { runId: createRunId() });
  add(
    "replay of a run with 3 host calls, p50",
    (await percentiles(() => three.replay(transcript), 50)).p50,
    "ms",
  );

  const before = (await enclave.stats()).rssBytes;
  for (let i = 0; i < GUESTS; i++) await enclave.load(idle(0), direct);
  const after = await enclave.stats();
  add(`memory of one more guest (of ${GUESTS})`, (after.rssBytes - before) / GUESTS / 1e6, "MB");
  add("initial snapshot", (after.cryptlets[0]?.snapshotBytes ?? 0) / 1e6, "MB");

  const emulator = await startProviderEmulator({ seed: "bench", maxStepPpm: 0 });
  const { address, port, caPem } = emulator;
  const emulated = { mode: "emulated", address, port, caPem, allowPrivateAddresses: true } as const;
  const folder = fileURLToPath(new URL("../cryptlets/gold-price", import.meta.url));
  const gold = await enclave.load(await readPackage(folder), options("gold-price", emulated));
  const round = { number: 0 };
  const signing: number[] = [];
  const runAndSign = async () => {
    const runId = createRunId();
    await gold.run({ ...trigger, at: Date.now() }, { runId });
    round.number += 1;
    const request = { runId, feed: FEED, round: round.number, epoch: 0, previous: null };
    signing.push(await elapsed(() => gold.sign(request)));
  };
  await percentiles(runAndSign, 20);
  const { p50 } = await percentiles(runAndSign, 60);
  signing.sort((a, b) => a - b);
  add("gold-price: five emulated sources over TLS, run and sign, p50", p50, "ms");
  add("of that: sign both forms, p50", signing[Math.floor(signing.length / 2)] ?? 0, "ms");
  await enclave.close();
  await emulator.close();
  await rm(sealDirectory, { recursive: true, force: true });
  return rows;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  printBench(await runEnclaveBench());
