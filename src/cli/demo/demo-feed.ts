import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import { systemClock } from "../../core/clock.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { cryptletIdSchema, fabricIdSchema, feedIdSchema, type FeedId } from "../../core/ids.ts";
import { computeFeedHash } from "../../envelope/feed-hash.ts";
import type { KnownRound } from "../../envelope/succession.ts";
import { verifyBundle } from "../../envelope/verify-bundle.ts";
import type { Fabric } from "../../host/fabric.ts";
import { startFabric } from "../../host/start-fabric.ts";
import { appraiserOf, toTrustInput } from "../trust-input.ts";
import type { DemoFeedContracts } from "./demo-chain.ts";
import { writeDemoConfig, type DemoProviders } from "./demo-config.ts";
import { goldFeedOf, prepareEnclave, type DemoEnclave } from "./demo-enclave.ts";
import type { DemoStage } from "./demo-stage.ts";
import { openEventLog, type EventLog } from "./event-log.ts";

/** One feed of the demo: its fabric is running, its contracts are there. */
export interface DemoFeed {
  readonly fabric: Fabric;
  readonly id: FeedId;
  readonly decimals: number;
  readonly unit: string;
  readonly mode: "LIVE" | "EMULATED";
  readonly contracts: DemoFeedContracts;
  readonly enclave: DemoEnclave;
  /** Trust file of this feed, for `cryptlet envelope verify --trust`. */
  readonly trustFile: string;
  readonly folder: string;
  /** News since the fabric started. */
  readonly log: EventLog;
  /** Check a bundle as a stranger would: trust, time, and nothing else. */
  readonly verify: (bundle: string, previous: KnownRound | null) => ReturnType<typeof verifyBundle>;
}

const assertSameKey = async (fabric: Fabric, enclave: DemoEnclave): Promise<void> => {
  const cryptlet = await fabric.cryptlets.get(cryptletIdSchema.parse(enclave.manifest.id));
  const found = cryptlet.keys.map(({ address }) => address?.toLowerCase());
  if (!found.includes(enclave.signer))
    throw fabricError("DEMO_UNEXPECTED", {
      expected: `the sealed key ${enclave.signer}`,
      actual: found.join(", "),
    });
};

/** Enclave, contracts, fabric, in this order: a contract admits only a key that was appraised before. */
export const openDemoFeed = async (
  stage: DemoStage,
  options: {
    readonly fabric: string;
    readonly feed: string;
    readonly providers: DemoProviders | null;
  },
): Promise<DemoFeed> => {
  const { chain, emit, signal, stopwatch } = stage;
  const id = feedIdSchema.parse(options.feed);
  const mode = options.providers ? "EMULATED" : "LIVE";
  const folder = path.join(stage.folder, options.fabric);
  const dataDirectory = path.join(folder, "data");
  await mkdir(dataDirectory, { recursive: true });

  emit({ type: "waiting", what: "Starting the enclave" });
  const prepared = await stopwatch.time("enclave", () =>
    prepareEnclave({ fabric: options.fabric, dataDirectory, signal }),
  );
  const enclave = prepared.value;
  const { manifest, measurement, signer } = enclave;
  const declared = goldFeedOf(manifest);
  emit({
    type: "enclave-started",
    cryptlet: manifest.id,
    version: manifest.version,
    measurement,
    signer,
    simulated: true,
    durationMs: prepared.durationMs,
  });

  emit({ type: "waiting", what: "Deploying the contracts" });
  const deployed = await stopwatch.time("contracts", async () => {
    const shared = await chain.deploy();
    const own = await chain.addFeed(shared, {
      hash: computeFeedHash({
        fabric: fabricIdSchema.parse(options.fabric),
        cryptlet: cryptletIdSchema.parse(manifest.id),
        feed: id,
        parameters: null,
      }),
      workload: measurement,
      signer,
      evidenceId: enclave.evidenceId,
      policyDigest: enclave.policyDigest,
      decimals: declared.decimals,
      description: "XAU / USD",
    });
    return { ...shared, ...own };
  });
  emit({
    type: "contracts-deployed",
    contracts: { ...deployed.value },
    durationMs: deployed.durationMs,
  });
  stage.addContracts(mode, deployed.value);

  const config = await writeDemoConfig({
    folder,
    fabric: options.fabric,
    feed: id,
    feedInCryptlet: declared.id,
    providers: options.providers,
    chain: {
      rpcUrl: stage.rpcUrl,
      chainId: stage.chainId,
      hostKey: chain.hostKey,
      feedStore: deployed.value.feedStore,
    },
  });
  const trustFile = path.join(folder, "trust.json");
  await writeFile(trustFile, `${JSON.stringify(enclave.trust, null, 2)}\n`);

  emit({ type: "waiting", what: "Starting the fabric" });
  const started = await stopwatch.time("fabric", () =>
    startFabric(config, { log: stage.log, clock: systemClock, signal }),
  );
  const fabric = started.value;
  const log = openEventLog(fabric.events);
  stage.defer(() => fabric.stop());
  await assertSameKey(fabric, enclave);
  emit({
    type: "fabric-started",
    database: config.database.file,
    bus: "in this process",
    feed: id,
    mode,
    durationMs: started.durationMs,
  });
  const { policy } = enclave.trust;
  const appraise = appraiserOf(toTrustInput(enclave.trust));
  return {
    fabric,
    id,
    decimals: declared.decimals,
    unit: declared.unit,
    mode,
    contracts: deployed.value,
    enclave,
    trustFile,
    folder,
    log,
    verify: (bundle, previous) =>
      verifyBundle(bundle, {
        trust: policy,
        at: Date.now(),
        ...(appraise ? { appraise } : {}),
        ...(previous === null ? {} : { previous }),
      }),
  };
};
