import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseConfig } from "../../src/core/config/load-config.ts";
import type { FabricConfig, FabricConfigInput } from "../../src/core/config/schema.ts";
import { feedIdSchema, type FeedId } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { createManualClock, type ManualClock } from "../../src/core/manual-clock.ts";
import type { ProviderEmulator } from "../../src/emulator/start-provider-emulator.ts";
import type { FabricEvent } from "../../src/host/fabric-events.ts";
import type { Fabric } from "../../src/host/fabric.ts";
import { startFabric } from "../../src/host/start-fabric.ts";
import type { ManifestInput } from "../../src/sdk/manifest.ts";
import { handling } from "./guest-fixture.ts";

const DAY_MS = 86_400_000;

/** What a run of the obedient Cryptlet does: the feed's parameter `do`. */
export const DEEDS = [
  "publish",
  "throw",
  "loop",
  "eat",
  "wait",
  "nonsense",
  "refuse",
  "impersonate",
  "other-unit",
] as const;
export type Deed = (typeof DEEDS)[number];

const manifest: ManifestInput = {
  id: "obedient",
  version: "1.0.0",
  description: "Does what its feed's parameters say",
  feeds: [
    {
      id: "price",
      kind: "decimal",
      description: "A price",
      minSources: 1,
      decimals: 8,
      unit: "USD",
    },
  ],
  capabilities: { http: { hosts: [{ host: "api.gold-api.com", paths: ["/price/XAU"] }] } },
};

const bundle = handling(`
  const trigger = JSON.parse(text);
  const refuse = (code, given) => JSON.stringify({ error: { code, arguments: given } });
  const deeds = {
    throw: () => { throw new Error("boom"); },
    loop: () => { for (;;); },
    eat: () => { const all = []; for (;;) all.push(new Array(100000).fill(text)); },
    wait: () => new Promise(() => {}),
    nonsense: () => "nonsense",
    refuse: () => refuse("TOO_FEW_SOURCES", { used: "1", minSources: "3", failures: "a: b" }),
    impersonate: () => refuse("STORE_CORRUPT", { file: "x", reason: "y" }),
  };
  const deed = deeds[trigger.parameters.do];
  if (deed) return deed();
  const call = { op: "http.all", requests: [{ id: "gold-api", method: "GET", url: "https://api.gold-api.com/price/XAU" }] };
  const [answer] = JSON.parse(__hostCall(JSON.stringify(call))).ok;
  if (!answer.ok) return refuse(answer.error.code, answer.error.arguments);
  const price = String(JSON.parse(answer.body).price);
  const unit = trigger.parameters.do === "other-unit" ? "EUR" : "USD";
  return JSON.stringify({ ok: { observation: {
    feed: "price",
    value: { kind: "decimal", text: price, decimals: 8, unit },
    observedAt: trigger.at,
    market: { status: "open", session: null, nextOpen: null },
    sources: [{ id: "gold-api", reference: answer.reference, extracted: price, observedAt: null, outlier: false, error: null }],
    aggregation: { method: "single", minSources: 1, used: 1, spread: "0" },
  } } });`);

/** The feed that does this deed. */
export const feedFor = (deed: Deed): FeedId => feedIdSchema.parse(`gold-${deed}`);

/** A built package on disk whose Cryptlet obeys its feed's parameters. */
export const writeObedientPackage = (
  folder: string,
  change: Partial<ManifestInput> = {},
): string => {
  const directory = path.join(folder, "obedient");
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, "cryptlet.json"), JSON.stringify({ ...manifest, ...change }));
  writeFileSync(path.join(directory, "bundle.js"), bundle);
  return directory;
};

/** Configuration of a fabric with one feed for each deed; sources come from the emulator. */
export const obedientConfig = (
  folder: string,
  emulator: Pick<ProviderEmulator, "address" | "port" | "caPem">,
  deeds: readonly Deed[],
  change: Partial<FabricConfigInput> = {},
): FabricConfig => {
  writeFileSync(path.join(folder, "ca.pem"), emulator.caPem);
  const raw: FabricConfigInput = {
    fabric: "stage",
    dataDirectory: "data",
    providers: {
      mode: "emulated",
      emulator: { address: emulator.address, port: emulator.port, caFile: "ca.pem" },
    },
    enclave: { insecureAllowSimulated: true, limits: { runMs: 1_500 } },
    cryptlets: [{ package: writeObedientPackage(folder) }],
    feeds: deeds.map((deed) => ({
      id: feedFor(deed),
      cryptlet: "obedient",
      feed: "price",
      parameters: { do: deed },
      intervalMs: DAY_MS,
      heartbeatMs: DAY_MS,
      deviationPpm: 1,
    })),
    ...change,
  };
  return parseConfig(raw, { env: {}, base: folder });
};

/** A running fabric on a clock that moves only when told, with everything that it said. */
export interface FabricStage {
  readonly fabric: Fabric;
  readonly clock: ManualClock;
  readonly events: readonly FabricEvent[];
  /** One run, a second after whatever was before: contracts count whole seconds. */
  run(deed: Deed): Promise<void>;
}

/** Start a fabric on a configuration. Who starts it stops it. */
export const startStage = async (
  config: FabricConfig,
  start = Date.now(),
): Promise<FabricStage> => {
  const clock = createManualClock(start);
  const fabric = await startFabric(config, { log: silentLog, clock });
  const events: FabricEvent[] = [];
  fabric.events.subscribe((event) => events.push(event));
  return {
    fabric,
    clock,
    events,
    run: async (deed) => {
      await clock.advance(1_000);
      await fabric.trigger(feedFor(deed));
    },
  };
};
