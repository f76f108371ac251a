import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import { readPackage } from "../../enclave-sim/host/read-package.ts";
import { createFabricClient } from "../../src/client/fabric-client.ts";
import type { FabricConfigInput } from "../../src/core/config/schema.ts";
import { fabricIdSchema } from "../../src/core/ids.ts";
import { DEMO_RECORDS } from "../../src/emulator/crm-providers.ts";
import { createCanaryFinder } from "../support/canaries.ts";
import { runCliProcess, startCli, type CliProcess } from "../support/cli-process.ts";
import { openGoldStage, type GoldStage } from "../support/gold-stage.ts";

// Every secret that a fabric knows is planted once, a real host and a real broker run and fail with them, and whatever
// left their processes or lies on their disks is looked through, in every encoding that a leak may have.

const NAMES = [
  "oauthClientId",
  "oauthClientSecret",
  "hubspotToken",
  "apiToken",
  "brokerToken",
  "vaultKey",
  "rpcKey",
  "natsPassword",
] as const;
const random = (): string => `canary-${randomBytes(24).toString("hex")}`;
const planted = Object.fromEntries(NAMES.map((name) => [name, random()])) as Record<
  (typeof NAMES)[number],
  string
>;
const secrets = {
  ...planted,
  vaultKey: randomBytes(32).toString("base64"),
  // A user's seed in the form of NATS' nkeys: S, U, then base32.
  natsSeed: `SU${Array.from(randomBytes(56), (byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte % 32]).join("")}`,
  wrongSignerKey: `0x${randomBytes(31).toString("hex")}`,
};

let root: string;
let stage: GoldStage;
let find: ReturnType<typeof createCanaryFinder>;
let host: CliProcess;
let broker: CliProcess;
let url: string;
const running: CliProcess[] = [];
/** Everything that left a process, by where it came from. */
const outputs: (readonly [string, string])[] = [];
const env = () => ({
  API_TOKEN: secrets.apiToken,
  CRYPTLET_API_TOKEN: secrets.apiToken,
  RPC_URL: `${stage.gate.url}/v2/${secrets.rpcKey}`,
  OAUTH_ID: secrets.oauthClientId,
  OAUTH_SECRET: secrets.oauthClientSecret,
  BROKER_TOKEN: secrets.brokerToken,
  VAULT_KEY: secrets.vaultKey,
});

const cli = async (words: readonly string[], change: NodeJS.ProcessEnv = {}) => {
  const run = await runCliProcess(words, {
    cwd: stage.folder,
    env: { ...env(), ...change },
    keep: true,
  });
  outputs.push([words.join(" "), run.stdout + run.stderr]);
  return run;
};
const writeIn = (name: string, content: unknown): string => {
  const file = path.join(stage.folder, name);
  const text = typeof content === "string" ? content : JSON.stringify(content);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
};

/** What the broker must know of the host's platform and of the CRM Cryptlet, as an operator measures it before. */
const measure = async (sealDirectory: string) => {
  const enclave = createEnclave();
  const loaded = await enclave.load(await readPackage(path.resolve("dist/cryptlets/crm-record")), {
    fabric: fabricIdSchema.parse("stage"),
    secrets: {},
    sources: { mode: "live", allowPrivateAddresses: false },
    feeds: [],
    sealDirectory,
  });
  await enclave.close();
  return { measurement: loaded.measurement, platformRoot: loaded.platformRoot };
};

const startBroker = async (): Promise<string> => {
  const { measurement, platformRoot } = await measure(path.join(stage.folder, "data", "sealed"));
  writeIn("root.pem", platformRoot);
  writeIn("dev.json", {
    id: "dev",
    allowSimulated: true,
    allowDebug: true,
    tees: ["sgx"],
    anyOf: [{ measurements: [measurement] }],
  });
  writeIn("secret-policy.json", {
    appraisal: "dev",
    cryptlets: ["crm-record"],
    measurements: [measurement],
    hosts: ["stage"],
    notAfter: "2100-01-01T00:00:00Z",
  });
  writeIn("broker.json", {
    key: { $env: "VAULT_KEY" },
    listen: { port: 0 },
    hosts: [{ name: "stage", token: { $env: "BROKER_TOKEN" } }],
    policies: { dev: "dev.json" },
    anchors: [{ name: "stage", vendor: "intel", certificateFile: "root.pem", simulated: true }],
    insecureAllowSimulated: true,
    log: { level: "trace" },
  });
  mkdirSync(path.join(stage.folder, "inputs"));
  writeIn("inputs/hubspot", `${secrets.hubspotToken}\n`);
  const put = ["broker", "secret", "put", "hubspot", "--policy", "secret-policy.json"];
  expect((await cli([...put, "--value", "inputs/hubspot", "--json"])).code).toBe(0);
  broker = startCli(["broker", "start", "--json"], { cwd: stage.folder, env: env(), keep: true });
  running.push(broker);
  return (JSON.parse(await broker.nextLine()) as { url: string }).url;
};

const crmFeed = (
  id: string,
  parameters: Readonly<Record<string, string>>,
): NonNullable<FabricConfigInput["feeds"]>[number] => ({
  id,
  cryptlet: "crm-record",
  feed: "crm-record",
  parameters: { ...parameters, fields: { name: "string" } },
  intervalMs: 300,
  heartbeatMs: 3_600_000,
});

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), "cryptlet-canaries-"));
  stage = await openGoldStage({
    folder: root,
    feed: { intervalMs: 300, heartbeatMs: 3_600_000, deviationPpm: 1_000 },
    isGated: true,
    credentials: {
      clientId: secrets.oauthClientId,
      clientSecret: "another-secret-than-the-host-has",
      accessToken: secrets.hubspotToken,
    },
    signal: new AbortController().signal,
  });
  const signerKey = readFileSync(path.join(root, "host-key"), "utf8").trim();
  find = createCanaryFinder({ ...secrets, signerKey });
  const base = JSON.parse(readFileSync(stage.configFile, "utf8")) as FabricConfigInput;
  const [chain] = base.chains ?? [];
  if (!chain) throw new Error("the stage has a chain");
  const brokerUrl = await startBroker();
  const config: FabricConfigInput = {
    ...base,
    log: { level: "trace" },
    api: { port: 0, token: { $env: "API_TOKEN" }, attested: { port: 0 } },
    broker: { url: brokerUrl, token: { $env: "BROKER_TOKEN" } },
    chains: [{ ...chain, rpcUrl: { $env: "RPC_URL" } }],
    cryptlets: [
      ...(base.cryptlets ?? []),
      {
        package: path.resolve("dist/cryptlets/crm-record"),
        secrets: {
          HUBSPOT_ACCESS_TOKEN: { $broker: "hubspot" },
          SALESFORCE_CLIENT_ID: { $env: "OAUTH_ID" },
          SALESFORCE_CLIENT_SECRET: { $env: "OAUTH_SECRET" },
        },
      },
    ],
    feeds: [
      ...(base.feeds ?? []),
      crmFeed("rating", { provider: "hubspot", record: DEMO_RECORDS.hubspot.id }),
      // Its credentials are refused: what the provider says to them goes through every layer as an error.
      crmFeed("refused", {
        provider: "salesforce",
        instance: "acme.my.salesforce.com",
        record: DEMO_RECORDS.salesforce.id,
      }),
    ],
  };
  writeFileSync(stage.configFile, JSON.stringify(config));
  host = startCli(["host", "start", "--json"], { cwd: root, env: env(), keep: true });
  running.push(host);
  ({ url } = JSON.parse(await host.nextLine()) as { url: string });
}, 120_000);
afterAll(async () => {
  for (const each of running) {
    each.child.kill("SIGKILL");
    await each.exit;
  }
  await stage.close();
  rmSync(root, { recursive: true, force: true });
});

const api = async (where: string, headers: Record<string, string> = {}): Promise<string> => {
  const answer = await fetch(new URL(where, url), {
    headers: { authorization: `Bearer ${secrets.apiToken}`, ...headers },
  });
  const text = await answer.text();
  outputs.push([where, text + JSON.stringify([...answer.headers])]);
  return text;
};
/** Ask until it is so; each turn waits for an answer and not for the clock. */
const until = async (isSo: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await isSo())) await createFabricClient({ url, token: secrets.apiToken }).live();
};

describe("no secret leaves a host", { timeout: 120_000 }, () => {
  it("that works, fails, is refused and is asked everything", async () => {
    const client = createFabricClient({ url, token: secrets.apiToken });
    const latest = (feed: string) => client.feeds.latest(feed).catch(() => null);
    await until(
      async () => (await latest("rating")) !== null && (await latest("xau-usd")) !== null,
    );
    await until(() => host.stderr().includes("HTTP_TOKEN_REFUSED"));
    // The chain is away and comes back, so that errors about its endpoint are told and stored.
    stage.gate.shut(true);
    stage.emulator.setPrice("4400.00");
    await until(async () => ((await latest("xau-usd"))?.round ?? 0) > 1);
    await until(() => /CHAIN_|RPC_|ADAPTER_/.test(host.stderr()));
    stage.gate.shut(false);
    const rounds = [await client.feeds.latest("rating"), await client.feeds.latest("xau-usd")];

    const nonce = "ab".repeat(32);
    for (const where of [
      "/health",
      "/live",
      "/metrics",
      "/openapi.json",
      "/v1/feeds",
      "/v1/cryptlets",
      "/v1/cryptlets/crm-record",
      "/v1/deliveries",
      "/v1/runs?limit=50",
      `/v1/attestation?nonce=${nonce}`,
      ...["rating", "refused", "xau-usd"].flatMap((feed) => [
        `/v1/feeds/${feed}`,
        `/v1/feeds/${feed}/latest`,
        `/v1/feeds/${feed}/rounds`,
      ]),
      ...rounds.map(({ envelopeDigest }) => `/v1/bundles/${envelopeDigest}`),
      "/v1/feeds/%00",
      "/v1/nowhere?token=x",
    ])
      await api(where);
    await api("/v1/feeds", { authorization: "Bearer wrong" });
    const runs = (await api("/v1/runs?limit=50")).matchAll(/"id":"([0-9a-f-]{36})"/g);
    for (const [, id] of [...runs].slice(0, 20))
      for (const tail of ["", "/transcript"]) await api(`/v1/runs/${id}${tail}`);

    const at = ["--url", url, "--json"];
    for (const words of [
      ["feed", "list"],
      ["feed", "get", "rating"],
      ["host", "status"],
      ["envelope", "show", rounds[0]?.envelopeDigest ?? ""],
      ["enclave", "evidence", "crm-record"],
    ])
      await cli([...words, ...at]);
    await cli(["broker", "secret", "list", "--json"]);
    await cli(["broker", "audit", "--json"]);
    await cli(["doctor", "--json"]);
    expect(outputs.length).toBeGreaterThan(40);
  });

  it("that does not start, whatever is wrong with its secrets", async () => {
    const good = JSON.parse(readFileSync(stage.configFile, "utf8")) as FabricConfigInput;
    const [chain] = good.chains ?? [];
    if (!chain) throw new Error("the stage has a chain");
    const natsUrl = `nats://fabric:${secrets.natsPassword}@127.0.0.1:1`;
    const variants: readonly (readonly [string, Partial<FabricConfigInput>, NodeJS.ProcessEnv])[] =
      [
        ["bus", { bus: { driver: "nats", url: { $env: "BUS" } } }, { BUS: natsUrl }],
        [
          "seed",
          { bus: { driver: "nats", url: "nats://127.0.0.1:1", credentials: { $env: "CREDS" } } },
          {
            CREDS: `-----BEGIN USER NKEY SEED-----\n${secrets.natsSeed}\n------END USER NKEY SEED------\n`,
          },
        ],
        ["plain", { bus: { driver: "nats", url: natsUrl } }, {}],
        [
          "signer",
          { chains: [{ ...chain, signer: { privateKey: { $env: "KEY" } } }] },
          { KEY: secrets.wrongSignerKey },
        ],
        [
          "rpc",
          { chains: [{ ...chain, rpcUrl: { $env: "FAR" } }] },
          { FAR: `http://127.0.0.1:1/${secrets.rpcKey}` },
        ],
        ["misplaced", { api: { token: secrets.apiToken as never } }, {}],
        ["token", {}, { BROKER_TOKEN: `${secrets.brokerToken}x` }],
      ];
    const attempt = async ([name, change, given]: (typeof variants)[number]) => {
      const dataDirectory = `data-${name}`;
      const file = writeIn(`${name}.json`, { ...good, dataDirectory, ...change });
      const words = ["host", "start", "--config", file, "--json", "--verbose"];
      const run = startCli(words, { cwd: root, env: { ...env(), ...given }, keep: true });
      running.push(run);
      const [line] = await Promise.all([run.nextLine().catch(() => ""), run.exit]);
      outputs.push([name, run.stdout() + run.stderr()]);
      return [name, line.includes('"ok":false')];
    };
    const ended = await Promise.all(variants.map(attempt));
    expect(ended).toEqual(variants.map(([name]) => [name, true]));
  });

  it("into its output, its log, its database, its folders or the broker's", async () => {
    host.child.kill("SIGTERM");
    broker.child.kill("SIGTERM");
    expect([await host.exit, await broker.exit]).toEqual([0, 0]);
    outputs.push(["host stdout", host.stdout()], ["host stderr", host.stderr()]);
    outputs.push(["broker stdout", broker.stdout()], ["broker stderr", broker.stderr()]);
    const leaks = outputs.flatMap(([where, text]) =>
      find(text).map((name) => `${name} in ${where}`),
    );
    const folders = [
      "data",
      "broker",
      ...readdirSync(root).filter((name) => name.startsWith("data-")),
    ];
    let files = 0;
    for (const folder of folders)
      for (const entry of readdirSync(path.join(root, folder), {
        recursive: true,
        withFileTypes: true,
      })) {
        if (!entry.isFile()) continue;
        files += 1;
        const file = path.join(entry.parentPath, entry.name);
        leaks.push(
          ...find(readFileSync(file)).map((name) => `${name} in ${path.relative(root, file)}`),
        );
      }
    expect(leaks).toEqual([]);
    expect(files).toBeGreaterThan(4);
    expect(host.stderr().split("\n").length).toBeGreaterThan(20);
    expect(broker.stderr()).toContain("secret released");
  });

  it("while the finder finds what is there", () => {
    for (const [name, secret] of Object.entries(secrets)) {
      const bytes = Buffer.from(`x${secret}y`);
      for (const form of [
        bytes,
        bytes.toString("base64"),
        bytes.toString("hex"),
        encodeURIComponent(secret),
      ])
        expect(find(form)).toContain(name);
    }
    expect(find("nothing of it")).toEqual([]);
  });
});
