import { writeFile } from "node:fs/promises";
import path from "node:path";

import { parseConfig } from "../../core/config/load-config.ts";
import type { FabricConfig } from "../../core/config/schema.ts";
import { goldPackage } from "./demo-enclave.ts";

/** Deviation threshold of the demo's feed: 0.5 %. */
export const DEVIATION_PPM = 5_000;
/** Between two looks at the sources, in ms. */
const INTERVAL_MS = 500;
const HEARTBEAT_MS = 600_000;

/** Where the emulator is; null for live sources. */
export interface DemoProviders {
  readonly address: string;
  readonly port: number;
  readonly caPem: string;
}

/**
 * The configuration of one of the demo's fabrics, as a file in its folder and as the host reads it. The account's key
 * goes by reference, as it would in earnest.
 */
export const writeDemoConfig = async (options: {
  readonly folder: string;
  readonly fabric: string;
  readonly feed: string;
  readonly feedInCryptlet: string;
  readonly providers: DemoProviders | null;
  readonly chain: {
    readonly rpcUrl: string;
    readonly chainId: number;
    readonly hostKey: string;
    readonly feedStore: string;
  };
}): Promise<FabricConfig> => {
  const { folder, fabric, feed, feedInCryptlet, providers, chain } = options;
  await writeFile(path.join(folder, "host-key"), chain.hostKey, { mode: 0o600 });
  if (providers) await writeFile(path.join(folder, "providers-ca.pem"), providers.caPem);
  const raw = {
    fabric,
    dataDirectory: "data",
    api: { port: 0 },
    providers: providers
      ? {
          mode: "emulated",
          emulator: {
            address: providers.address,
            port: providers.port,
            caFile: "providers-ca.pem",
          },
        }
      : { mode: "live" },
    enclave: { insecureAllowSimulated: true },
    cryptlets: [{ package: goldPackage() }],
    chains: [
      {
        name: "local",
        kind: "evm",
        rpcUrl: chain.rpcUrl,
        chainId: chain.chainId,
        finality: { kind: "depth", depth: 1 },
        signer: { privateKey: { $file: "host-key" } },
      },
    ],
    feeds: [
      {
        id: feed,
        cryptlet: "gold-price",
        feed: feedInCryptlet,
        intervalMs: INTERVAL_MS,
        heartbeatMs: HEARTBEAT_MS,
        deviationPpm: DEVIATION_PPM,
      },
    ],
    bindings: [{ feed, chain: "local", contract: chain.feedStore }],
  };
  await writeFile(path.join(folder, "fabric.json"), `${JSON.stringify(raw, null, 2)}\n`);
  return parseConfig(raw, { env: {}, base: folder });
};
