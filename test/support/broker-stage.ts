import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import type {
  CryptletPackage,
  Enclave,
  LoadedCryptlet,
  LoadOptions,
} from "../../enclave-sim/host/enclave.ts";
import { readPackage } from "../../enclave-sim/host/read-package.ts";
import { Secret } from "../../src/core/config/secret.ts";
import { systemClock } from "../../src/core/clock.ts";
import { cryptletIdSchema, fabricIdSchema, feedIdSchema, type Digest } from "../../src/core/ids.ts";
import { createLog, type LogLevel } from "../../src/core/log.ts";
import { DEMO_RECORDS } from "../../src/emulator/crm-providers.ts";
import {
  startProviderEmulator,
  type ProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import { computeFeedHash } from "../../src/envelope/feed-hash.ts";
import { createBrokerClient, type BrokerClient } from "../../src/key-broker/broker-client.ts";
import { loadBrokerConfig } from "../../src/key-broker/broker-config.ts";
import type { SecretPolicy } from "../../src/key-broker/secret-policy.ts";
import {
  openConfiguredVault,
  startKeyBroker,
  type RunningBroker,
} from "../../src/key-broker/start-key-broker.ts";

const FABRIC = fabricIdSchema.parse("broker-stage");
const FEED = feedIdSchema.parse("datum-rating");
const CRYPTLET = cryptletIdSchema.parse("crm-record");
/** What the CRM feed of the stage asks for. */
export const CRM_PARAMETERS = {
  provider: "hubspot",
  record: DEMO_RECORDS.hubspot.id,
  fields: { name: "string", annualrevenue: "decimal", credit_rating: "string" },
} as const;

/** A key broker as the command line starts it, an enclave with real simulated evidence, and the CRM that both serve. */
export interface BrokerStage {
  readonly folder: string;
  readonly brokerFile: string;
  readonly emulator: ProviderEmulator;
  readonly enclave: Enclave;
  readonly cryptlet: CryptletPackage;
  readonly measurement: Digest;
  /** For `enclave.load`, without secrets. */
  readonly options: LoadOptions;
  readonly broker: RunningBroker;
  readonly client: BrokerClient;
  readonly token: string;
  /** Lines of the broker's log. */
  readonly log: () => string;
  /** A policy for the stage's Cryptlet, which may be bent. */
  policy(change?: Partial<SecretPolicy>): SecretPolicy;
  /** Put a secret as the command does. */
  put(name: string, value: string, policy?: SecretPolicy): Promise<void>;
  /** Load the CRM Cryptlet, its HubSpot token from the broker under this name. */
  load(secret: string, change?: Partial<LoadOptions>): Promise<LoadedCryptlet>;
  close(): Promise<void>;
}

const brokerLog = (level: LogLevel) => {
  let text = "";
  const destination = {
    write: (line: string) => {
      text += line;
    },
  };
  return { log: createLog({ level, destination }), text: () => text };
};

export const openBrokerStage = async (folder: string): Promise<BrokerStage> => {
  const emulator = await startProviderEmulator({ seed: "broker", maxStepPpm: 0 });
  const enclave = createEnclave();
  const cryptlet = await readPackage(path.resolve("dist/cryptlets/crm-record"));
  const sealDirectory = path.join(folder, "sealed");
  mkdirSync(sealDirectory, { recursive: true, mode: 0o700 });
  const { address, port, caPem } = emulator;
  const options: LoadOptions = {
    fabric: FABRIC,
    secrets: {},
    sources: { mode: "emulated", address, port, caPem, allowPrivateAddresses: false },
    feeds: [
      {
        feed: FEED,
        cryptletFeed: "crm-record",
        feedHash: computeFeedHash({
          fabric: FABRIC,
          cryptlet: CRYPTLET,
          feed: FEED,
          parameters: CRM_PARAMETERS,
        }),
        parameters: CRM_PARAMETERS,
        validForMs: 60_000,
      },
    ],
    sealDirectory,
  };
  // Its secrets are optional: without them it starts, and says what it is.
  const plain = await enclave.load(cryptlet, options);
  const { measurement, platformRoot } = plain;
  await plain.close();

  const token = randomBytes(32).toString("hex");
  const write = (name: string, content: unknown) =>
    writeFileSync(
      path.join(folder, name),
      typeof content === "string" ? content : JSON.stringify(content),
      { mode: 0o600 },
    );
  write("vault-key", randomBytes(32).toString("base64"));
  write("host-a-token", token);
  write("root.pem", platformRoot);
  write("dev.json", {
    id: "dev",
    allowSimulated: true,
    // Nobody signed the package, so that its enclave counts as one that can be debugged.
    allowDebug: true,
    tees: ["sgx"],
    anyOf: [{ measurements: [measurement] }],
  });
  write("hardware.json", {
    id: "hardware",
    tees: ["sgx", "tdx"],
    anyOf: [{ measurements: [measurement] }],
  });
  write("broker.json", {
    dataDirectory: "broker",
    key: { $file: "vault-key" },
    listen: { port: 0 },
    hosts: [{ name: "host-a", token: { $file: "host-a-token" } }],
    policies: { dev: "dev.json", hardware: "hardware.json" },
    anchors: [{ name: "stage", vendor: "intel", certificateFile: "root.pem", simulated: true }],
    insecureAllowSimulated: true,
    log: { level: "trace" },
  });
  const brokerFile = path.join(folder, "broker.json");
  const source = { file: brokerFile, env: {} };
  const { log, text } = brokerLog("trace");
  const broker = await startKeyBroker(source, { clock: systemClock, log });
  const client = createBrokerClient({ url: broker.url, token: new Secret(token), caPem: null });
  const policy: BrokerStage["policy"] = (change = {}) => ({
    appraisal: "dev",
    cryptlets: [CRYPTLET],
    measurements: [measurement],
    hosts: ["host-a"],
    notAfter: "2100-01-01T00:00:00Z",
    ...change,
  });
  return {
    folder,
    brokerFile,
    emulator,
    enclave,
    cryptlet,
    measurement,
    options,
    broker,
    client,
    token,
    log: text,
    policy,
    put: async (name, value, secretPolicy = policy()) => {
      const vault = await openConfiguredVault(
        loadBrokerConfig(brokerFile, {}),
        source,
        systemClock,
      );
      await vault.put(name, Buffer.from(value), secretPolicy);
      await vault.close();
    },
    load: (secret, change = {}) =>
      enclave.load(
        cryptlet,
        { ...options, brokerSecrets: { HUBSPOT_ACCESS_TOKEN: secret }, ...change },
        { broker: client },
      ),
    close: async () => {
      await client.close();
      await broker.close();
      await enclave.close();
      await emulator.close();
    },
  };
};
