import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { startAnvil } from "../../src/cli/anvil.ts";
import {
  connectDemoChain,
  type DemoChain,
  type DemoFeedContracts,
} from "../../src/cli/demo/demo-chain.ts";
import { goldFeedOf, goldPackage, prepareEnclave } from "../../src/cli/demo/demo-enclave.ts";
import { cryptletIdSchema, fabricIdSchema, feedIdSchema, type FeedId } from "../../src/core/ids.ts";
import type { FabricConfigInput } from "../../src/core/config/schema.ts";
import type { EmulatorCredentials } from "../../src/emulator/crm-providers.ts";
import {
  startProviderEmulator,
  type ProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import { computeFeedHash } from "../../src/envelope/feed-hash.ts";
import type { EvmEngine } from "./evm-engines.ts";
import { openRpcGate, type RpcGate } from "./rpc-gate.ts";

const CHAIN_ID = 31_337;
const FABRIC = "stage";
const FEED = "xau-usd";

/** Everything around a host: providers, chain and contracts, and the configuration file that joins them. */
export interface GoldStage {
  readonly folder: string;
  readonly feed: FeedId;
  readonly intervalMs: number;
  readonly configFile: string;
  readonly databaseFile: string;
  readonly rpcUrl: string;
  readonly emulator: ProviderEmulator;
  readonly chain: DemoChain;
  readonly contracts: DemoFeedContracts;
  /** Stands between host and chain; it passes everything on until it is told otherwise. */
  readonly gate: RpcGate;
  /** Address that the host's enclave signs with. */
  readonly signer: string;
  close(): Promise<void>;
}

/** Providers and a chain that outlive the host: a real emulator, a real anvil, deployed contracts, an attested key. */
export const openGoldStage = async (options: {
  readonly folder: string;
  readonly feed: Pick<
    NonNullable<FabricConfigInput["feeds"]>[number],
    "intervalMs" | "heartbeatMs" | "deviationPpm"
  >;
  /** Seconds between two blocks; left out: a block per transaction. */
  readonly blockTime?: number;
  /** A chain that runs already and makes its own blocks, instead of an anvil of this stage's own. */
  readonly engine?: Pick<EvmEngine, "rpcUrl">;
  /** Let the host reach the chain through `gate`. */
  readonly isGated?: boolean;
  readonly config?: Partial<FabricConfigInput>;
  /** What the emulated CRM providers accept. */
  readonly credentials?: EmulatorCredentials;
  readonly signal: AbortSignal;
}): Promise<GoldStage> => {
  const { folder, signal } = options;
  const emulator = await startProviderEmulator({
    startPrice: "4000.00",
    maxStepPpm: 0,
    ...(options.credentials ? { credentials: options.credentials } : {}),
  });
  const anvil = options.engine
    ? { url: options.engine.rpcUrl, stop: () => Promise.resolve() }
    : await startAnvil({
        chainId: CHAIN_ID,
        signal,
        ...(options.blockTime === undefined
          ? {}
          : { extra: ["--block-time", String(options.blockTime)] }),
      });
  const dataDirectory = path.join(folder, "data");
  mkdirSync(dataDirectory, { recursive: true });
  const enclave = await prepareEnclave({ fabric: FABRIC, dataDirectory, signal });
  const declared = goldFeedOf(enclave.manifest);
  const gate = await openRpcGate(anvil.url);
  const chain = connectDemoChain(anvil.url, signal);
  const deployed = await chain.deploy();
  const contracts = await chain.addFeed(deployed, {
    hash: computeFeedHash({
      fabric: fabricIdSchema.parse(FABRIC),
      cryptlet: cryptletIdSchema.parse(enclave.manifest.id),
      feed: feedIdSchema.parse(FEED),
      parameters: null,
    }),
    workload: enclave.measurement,
    signer: enclave.signer,
    evidenceId: enclave.evidenceId,
    policyDigest: enclave.policyDigest,
    decimals: declared.decimals,
    description: "XAU / USD",
  });
  writeFileSync(path.join(folder, "host-key"), chain.hostKey, { mode: 0o600 });
  writeFileSync(path.join(folder, "ca.pem"), emulator.caPem);
  const config: FabricConfigInput = {
    fabric: FABRIC,
    dataDirectory: "data",
    api: { port: 0 },
    log: { level: "info" },
    providers: {
      mode: "emulated",
      emulator: { address: emulator.address, port: emulator.port, caFile: "ca.pem" },
    },
    enclave: { insecureAllowSimulated: true },
    cryptlets: [{ package: goldPackage() }],
    chains: [
      {
        name: "local",
        kind: "evm",
        rpcUrl: options.isGated === true ? gate.url : anvil.url,
        chainId: CHAIN_ID,
        finality: { kind: "depth", depth: 1 },
        signer: { privateKey: { $file: "host-key" } },
      },
    ],
    feeds: [{ id: FEED, cryptlet: "gold-price", feed: declared.id, ...options.feed }],
    bindings: [{ feed: FEED, chain: "local", contract: contracts.feedStore }],
    ...options.config,
  };
  const configFile = path.join(folder, "fabric.json");
  writeFileSync(configFile, JSON.stringify(config));
  return {
    folder,
    feed: feedIdSchema.parse(FEED),
    intervalMs: options.feed.intervalMs,
    configFile,
    databaseFile: path.join(dataDirectory, "fabric.db"),
    rpcUrl: anvil.url,
    emulator,
    chain,
    contracts,
    gate,
    signer: enclave.signer,
    close: async () => {
      await gate.close();
      await anvil.stop();
      await emulator.close();
    },
  };
};
