import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseAppraisalPolicy } from "../attestation/appraisal-policy.ts";
import { HARDWARE_ANCHORS } from "../attestation/hardware-anchors.ts";
import { createPolicyWorkloadAppraiser } from "../attestation/policy-workload-appraiser.ts";
import type { TrustAnchor } from "../attestation/trust-anchors.ts";
import type { WorkloadAppraiser } from "../attestation/workload-appraiser.ts";
import type { Clock } from "../core/clock.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { Log } from "../core/log.ts";
import {
  loadBrokerConfig,
  readJsonFile,
  readVaultKey,
  type BrokerConfig,
} from "./broker-config.ts";
import { createBrokerApi } from "./create-broker-api.ts";
import { createKeyBroker } from "./key-broker.ts";
import { openVault, type Vault } from "./vault.ts";

/** Where a broker's configuration and secrets come from. */
export interface BrokerSource {
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A broker that listens. */
export interface RunningBroker {
  readonly url: string;
  readonly hosts: readonly string[];
  /** Names of the secrets that it can release. */
  readonly secrets: readonly string[];
  /** True when it takes simulated anchors. */
  readonly simulated: boolean;
  /** Answers what is under way, then closes. */
  close(): Promise<void>;
}

/** The vault of a configuration. Throws `VAULT_KEY_INVALID` and what `openVault` throws. */
export const openConfiguredVault = (
  config: BrokerConfig,
  { file, env }: BrokerSource,
  clock: Clock,
): Promise<Vault> => {
  const base = path.dirname(path.resolve(file));
  return openVault({
    directory: config.dataDirectory,
    key: readVaultKey(config.key, { env, base }),
    clock,
  });
};

/** A root of the configuration, PEM or DER. Throws `CONFIG_UNREADABLE`. */
const readAnchor = ({
  name,
  vendor,
  certificateFile,
  simulated,
}: BrokerConfig["anchors"][number]): TrustAnchor => {
  try {
    const { raw } = new X509Certificate(readFileSync(certificateFile));
    return { name, vendor, certificate: Uint8Array.from(raw), simulated };
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown";
    throw fabricError("CONFIG_UNREADABLE", { file: certificateFile, reason }, { cause: error });
  }
};

/**
 * Every appraisal policy of the configuration with the anchors that it may use. Simulation needs both: the flag of the
 * broker and the word of the policy. Throws `CONFIG_INVALID`, `CONFIG_UNREADABLE`.
 */
const readAppraisers = (config: BrokerConfig): ReadonlyMap<string, WorkloadAppraiser> => {
  const anchors = [...HARDWARE_ANCHORS, ...config.anchors.map(readAnchor)];
  return new Map(
    Object.entries(config.policies).map(([name, file]) => [
      name,
      createPolicyWorkloadAppraiser(parseAppraisalPolicy(readJsonFile(file)), { anchors }),
    ]),
  );
};

/**
 * Start a key broker from its configuration file.
 * Throws `CONFIG_*`, `VAULT_*`, `STORE_*`, `BROKER_ADDRESS_UNAVAILABLE`.
 * @example
 * ```ts
 * const broker = await startKeyBroker({ file: "broker.json", env: process.env }, { clock: systemClock, log });
 * ```
 */
export const startKeyBroker = async (
  source: BrokerSource,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<RunningBroker> => {
  const config = loadBrokerConfig(source.file, source.env);
  const appraisers = readAppraisers(config);
  const vault = await openConfiguredVault(config, source, clock);
  try {
    const { challengeMs } = config;
    const broker = createKeyBroker({ vault, clock, log, appraisers, challengeMs });
    const api = await createBrokerApi({ broker, config, log });
    const url = await api.listen();
    const entries = await vault.list();
    return {
      url,
      hosts: config.hosts.map(({ name }) => name),
      secrets: entries.filter(({ revokedAt }) => revokedAt === null).map(({ name }) => name),
      simulated: config.anchors.some(({ simulated }) => simulated),
      close: async () => {
        await api.close();
        await vault.close();
      },
    };
  } catch (error) {
    await vault.close();
    throw error;
  }
};
