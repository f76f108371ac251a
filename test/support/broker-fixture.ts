import { randomBytes } from "node:crypto";
import { onTestFinished } from "vitest";
import type { WorkloadAppraiser } from "../../src/attestation/workload-appraiser.ts";
import { Secret } from "../../src/core/config/secret.ts";
import { cryptletIdSchema } from "../../src/core/ids.ts";
import { createLog } from "../../src/core/log.ts";
import type { ManualClock } from "../../src/core/manual-clock.ts";
import { createSigningKey } from "../../src/crypto/key-record.ts";
import type { Evidence } from "../../src/envelope/bundle.ts";
import { createBrokerApi } from "../../src/key-broker/create-broker-api.ts";
import { createBrokerClient, type BrokerClient } from "../../src/key-broker/broker-client.ts";
import { createBrokerConfigSchema } from "../../src/key-broker/broker-config.ts";
import { createKeyBroker } from "../../src/key-broker/key-broker.ts";
import type { SecretPolicy } from "../../src/key-broker/secret-policy.ts";
import { openVault, type Vault } from "../../src/key-broker/vault.ts";
import type { AttestedFixture } from "./attested-fixture.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A broker that listens on this machine, with two hosts, and everything that it wrote into its log. */
export interface BrokerFixture {
  readonly url: string;
  readonly vault: Vault;
  readonly folder: string;
  readonly log: () => string;
  /** As this host, or with a token of nobody. */
  client(host: "host-a" | "host-b" | "nobody"): BrokerClient;
  tokenOf(host: "host-a" | "host-b"): string;
}

/** A policy that the fixture's workload meets. */
export const policyFor = (
  fixture: AttestedFixture,
  change: Partial<SecretPolicy> = {},
): SecretPolicy => ({
  appraisal: "dev",
  cryptlets: [cryptletIdSchema.parse("crm-record")],
  measurements: [fixture.measurement],
  hosts: ["host-a"],
  notAfter: "2100-01-01T00:00:00Z",
  ...change,
});

const enclaveKey = createSigningKey("ed25519").record;
/** Evidence of the fixture's workload for a broker's challenge. */
export const evidenceFor = (
  fixture: AttestedFixture,
  nonce: string,
  change?: Parameters<AttestedFixture["evidence"]>[1],
): Evidence => fixture.evidence({ purpose: "kbs", keys: [enclaveKey], nonce }, change);

export const startBroker = async (options: {
  readonly clock: ManualClock;
  readonly appraisers: Readonly<Record<string, WorkloadAppraiser>>;
  readonly requestsPerMinute?: number;
}): Promise<BrokerFixture> => {
  const { clock } = options;
  const folder = temporaryFolder();
  const tokens = {
    "host-a": randomBytes(32).toString("hex"),
    "host-b": randomBytes(32).toString("hex"),
  };
  const env = { TOKEN_A: tokens["host-a"], TOKEN_B: tokens["host-b"] };
  const config = createBrokerConfigSchema(env, folder).parse({
    key: { $env: "UNUSED" },
    listen: { port: 0 },
    hosts: [
      { name: "host-a", token: { $env: "TOKEN_A" } },
      { name: "host-b", token: { $env: "TOKEN_B" } },
    ],
    policies: {},
    requestsPerMinute: options.requestsPerMinute ?? 10_000,
  });
  let text = "";
  const log = createLog({
    level: "trace",
    destination: {
      write: (line) => {
        text += line;
      },
    },
  });
  const vault = await openVault({
    directory: folder,
    key: Uint8Array.from(randomBytes(32)),
    clock,
  });
  const broker = createKeyBroker({
    vault,
    clock,
    log,
    appraisers: new Map(Object.entries(options.appraisers)),
    challengeMs: config.challengeMs,
  });
  const api = await createBrokerApi({ broker, config, log });
  const url = await api.listen();
  onTestFinished(async () => {
    await api.close();
    await vault.close();
  });
  return {
    url,
    vault,
    folder,
    log: () => text,
    tokenOf: (host) => tokens[host],
    client: (host) => {
      const token = host === "nobody" ? "x".repeat(64) : tokens[host];
      const client = createBrokerClient({ url, token: new Secret(token), caPem: null });
      onTestFinished(() => client.close());
      return client;
    },
  };
};
