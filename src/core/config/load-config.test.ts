import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exitCodeOf, type FabricError } from "../errors/fabric-error.ts";
import { loadConfig, parseConfig } from "./load-config.ts";
import type { FabricConfigInput } from "./schema.ts";

const base = path.resolve("/srv/fabric");
const KEY = `0x${"11".repeat(32)}`;

/** A complete configuration that is right. */
const STORE = "0x52908400098527886E0F7030069857D2E4169EE7";

const good = (): FabricConfigInput & Record<string, unknown> => ({
  fabric: "demo",
  cryptlets: [{ package: "packages/gold-price", secrets: { apiKey: { $env: "GOLD_KEY" } } }],
  chains: [
    {
      name: "local",
      kind: "evm",
      rpcUrl: "http://127.0.0.1:8545",
      chainId: 31_337,
      finality: { kind: "depth", depth: 2 },
      signer: { privateKey: { $env: "CHAIN_KEY" } },
    },
  ],
  feeds: [
    {
      id: "xau-usd",
      cryptlet: "gold-price",
      feed: "xau-usd",
      intervalMs: 1_000,
      heartbeatMs: 60_000,
      deviationPpm: 2_500,
    },
  ],
  bindings: [{ feed: "xau-usd", chain: "local", contract: STORE }],
});
const env = { GOLD_KEY: "gold-secret", CHAIN_KEY: KEY };

const failure = (call: () => unknown): FabricError => {
  try {
    call();
  } catch (error) {
    return error as FabricError;
  }
  throw new Error("nothing was thrown");
};
const faultsOf = (raw: unknown, variables: Record<string, string> = env): string[] => {
  const error = failure(() => parseConfig(raw, { env: variables, base }));
  expect(error.code).toBe("CONFIG_INVALID");
  const lines = String(error.arguments["faults"]).split("\n");
  expect(error.arguments["count"]).toBe(lines.length);
  return lines.map((line) => line.trim());
};
const pathsOf = (raw: unknown, variables?: Record<string, string>): string[] =>
  faultsOf(raw, variables).map((line) => line.slice(0, line.indexOf(":")));

describe("parseConfig", () => {
  it("gives a complete configuration from nothing", () => {
    const config = parseConfig({}, { env: {}, base });
    expect(config).toMatchObject({
      fabric: "local",
      dataDirectory: path.join(base, ".cryptlet"),
      database: { driver: "libsql", file: path.join(base, ".cryptlet", "fabric.db") },
      bus: { driver: "memory" },
      api: { host: "127.0.0.1", token: null },
      providers: { mode: "live", emulator: null, allowPrivateAddresses: false },
      enclave: { insecureAllowSimulated: false },
      cryptlets: [],
      chains: [],
      feeds: [],
      bindings: [],
    });
  });

  it("resolves defaults, paths and secrets and leaves nothing undefined", () => {
    const config = parseConfig(good(), { env, base });
    expect(config.cryptlets[0]).toMatchObject({
      id: "gold-price",
      package: path.join(base, "packages", "gold-price"),
    });
    expect(config.feeds[0]).toMatchObject({ validForMs: 120_000, parameters: null });
    const [chain] = config.chains;
    expect(chain?.signer.kind === "key" && chain.signer.privateKey.reveal()).toBe(KEY);
    expect(chain?.endpoints[0]?.url.reveal()).toBe("http://127.0.0.1:8545");
    expect(config.bindings[0]?.contract).toBe("0x52908400098527886e0f7030069857d2e4169ee7");
    expect(config.cryptlets[0]?.secrets["apiKey"]?.reveal()).toBe("gold-secret");
    const undefinedAt = (value: unknown): boolean =>
      value === undefined ||
      (typeof value === "object" && value !== null && Object.values(value).some(undefinedAt));
    expect(undefinedAt(config)).toBe(false);
  });

  it("never prints a secret", () => {
    const config = parseConfig(good(), { env, base });
    for (const shown of [JSON.stringify(config), inspect(config, { depth: 10 })]) {
      expect(shown).not.toContain("gold-secret");
      expect(shown).not.toContain(KEY);
    }
  });

  it("reads fees as exact wei, and refuses numbers that JSON may have rounded", () => {
    const withFees = (fees: unknown) => {
      const raw = good();
      const [chain] = raw.chains ?? [];
      return { ...raw, chains: [{ ...chain, fees }] };
    };
    const load = (fees: unknown) => parseConfig(withFees(fees), { env, base });
    expect(load({ kind: "legacy", gasPrice: "0" }).chains[0]?.fees).toEqual({
      kind: "legacy",
      gasPrice: 0n,
    });
    expect(load({ kind: "market", maxFeePerGas: "90071992547409931" }).chains[0]?.fees).toEqual({
      kind: "market",
      tipPerGas: null,
      tipPercentile: 50,
      maxTipPerGas: null,
      baseFeePercent: 200,
      maxFeePerGas: 90_071_992_547_409_931n,
    });
    for (const fees of [{ kind: "legacy" }, { kind: "market", tipPerGas: 1 }, { kind: "free" }])
      expect(() => load(fees)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });

  it("reports every fault at once, each with its path, also of the rules between fields", () => {
    const raw = {
      ...good(),
      fabric: "Not A Slug",
      unknown: 1,
      log: { level: "loud" },
      api: { port: 70_000, token: "plain-secret" },
      providers: { mode: "emulated" },
      feeds: [
        { id: "a", cryptlet: "nobody", feed: "x", intervalMs: 10, heartbeatMs: 5, validForMs: 1 },
        { id: "a", cryptlet: "gold-price", feed: "x", intervalMs: 0, heartbeatMs: 5 },
      ],
      bindings: [
        { feed: "b", chain: "mars", contract: STORE },
        { feed: "a", chain: "local", contract: STORE },
        { feed: "a", chain: "local", contract: STORE },
      ],
    };
    expect(pathsOf(raw, { GOLD_KEY: "x" }).toSorted()).toEqual(
      [
        "api.port",
        "api.token",
        "bindings[0].chain",
        "bindings[0].feed",
        "bindings[2].feed",
        "chains[0].signer.privateKey",
        "fabric",
        "feeds[0].cryptlet",
        "feeds[0].heartbeatMs",
        "feeds[0].validForMs",
        "feeds[1].id",
        "feeds[1].intervalMs",
        "log.level",
        "providers.emulator",
        "the configuration",
      ].toSorted(),
    );
  });

  it("exits with 2", () => {
    const error = failure(() => parseConfig({ fabric: 1 }, { env: {}, base }));
    expect(exitCodeOf(error.code)).toBe(2);
  });

  it.each([
    [
      "two Cryptlets of one id",
      { cryptlets: [{ package: "a/x" }, { package: "b/x" }] },
      "cryptlets[1].id",
    ],
    ["a folder that is no id", { cryptlets: [{ package: "a/X y" }] }, "cryptlets[0].package"],
    [
      "two chains of one name",
      { chains: [good().chains?.[0], good().chains?.[0]] },
      "chains[1].name",
    ],
    [
      "two lists of endpoints of one chain",
      { chainReads: [1, 2].map((chainId) => ({ chain: "a", chainId, endpoints: ["http://x"] })) },
      "chainReads[1].chain",
    ],
    [
      "a chain without endpoints",
      { chainReads: [{ chain: "a", chainId: 1, endpoints: [] }] },
      "chainReads[0].endpoints",
    ],
    [
      "an auditor's key in capitals",
      { transcripts: { auditors: ["AB".repeat(32)] } },
      "transcripts.auditors[0]",
    ],
    ["a wall of another kind", { enclave: { wall: "docker" } }, "enclave.wall"],
    ["a NATS bus without URL", { bus: { driver: "nats" } }, "bus.url"],
    ["an unknown driver", { database: { driver: "oracle" } }, "database.driver"],
    ["a float", { api: { port: 1.5 } }, "api.port"],
    ["text for a number", { api: { port: "80" } }, "api.port"],
    ["a misspelt setting", { api: { prot: 80 } }, "api"],
    ["an empty reference", { api: { token: {} } }, "api.token"],
    ["two references in one", { api: { token: { $env: "A", $file: "b" } } }, "api.token"],
    ["a variable that is not set", { api: { token: { $env: "NOT_SET" } } }, "api.token"],
    ["a file that is not there", { api: { token: { $file: "not-there" } } }, "api.token"],
    ["an endpoint of a wrong kind", { bus: { driver: "nats", url: "http://host" } }, "bus.url"],
    ["an endpoint with a password", { bus: { driver: "nats", url: "nats://u:p@host" } }, "bus.url"],
    ["a list for an object", { api: [] }, "api"],
  ])("refuses %s", (_, raw, where) => {
    expect(pathsOf({ ...raw })).toEqual([where]);
  });

  it.each([null, [], "x", 7, undefined])("refuses %j for a configuration", (raw) => {
    expect(faultsOf(raw)[0]).toMatch(/^the configuration:/);
  });

  it("shows no plain secret that somebody wrote into the file", () => {
    const error = failure(() =>
      parseConfig(
        {
          api: { token: "plain-secret-1" },
          bus: { driver: "nats", url: "nats://u:plain-secret-2@host" },
          chains: [{ signer: { privateKey: "plain-secret-3" } }],
        },
        { env, base },
      ),
    );
    expect(error.message).not.toContain("plain-secret");
  });

  it("lists a bounded number of faults and says how many there are", () => {
    const feeds = Array.from({ length: 9_000 }, () => ({}));
    const error = failure(() => parseConfig({ feeds }, { env, base }));
    expect(Number(error.arguments["count"])).toBeGreaterThanOrEqual(45_000);
    expect(String(error.arguments["faults"]).split("\n")).toHaveLength(100);
  });

  it("throws CONFIG_INVALID or gives a configuration, whatever it is given", () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            feeds: fc.anything(),
            bindings: fc.array(fc.anything()),
            providers: fc.anything(),
            cryptlets: fc.array(fc.dictionary(fc.constantFrom("id", "package"), fc.anything())),
          },
          { requiredKeys: [] },
        ),
        (raw) => {
          try {
            parseConfig(raw, { env: {}, base });
          } catch (error) {
            expect(error).toMatchObject({ code: "CONFIG_INVALID" });
          }
        },
      ),
    );
  });
});

describe("the environment", () => {
  it("stands above the file", () => {
    const config = parseConfig(
      { api: { port: 1, host: "0.0.0.0" }, log: { level: "warn" } },
      {
        base,
        env: {
          CRYPTLET_API_PORT: "2",
          CRYPTLET_API_TOKEN: "hidden-value",
          CRYPTLET_LOG_LEVEL: "",
          CRYPTLET_DATABASE_FILE: "other.db",
          CRYPTLET_ENCLAVE_INSECURE_ALLOW_SIMULATED: "true",
        },
      },
    );
    expect(config.api).toMatchObject({ port: 2, host: "0.0.0.0" });
    expect(config.api.token?.reveal()).toBe("hidden-value");
    expect(config.log.level).toBe("warn");
    expect(config.database.file).toBe(path.join(base, "other.db"));
    expect(config.enclave.insecureAllowSimulated).toBe(true);
  });

  it("turns the bus to NATS with NATS_URL, credentials included, and keeps them unseen", () => {
    const config = parseConfig(
      { bus: { driver: "memory" } },
      { base, env: { NATS_URL: "nats://u:pw@host:4222" } },
    );
    if (config.bus.driver !== "nats") throw new Error("expected a NATS bus");
    expect(config.bus.url.reveal()).toBe("nats://u:pw@host:4222");
    expect(inspect(config)).not.toContain("pw@");
  });

  it("keeps the other settings of a NATS bus in the file", () => {
    const config = parseConfig(
      { bus: { driver: "nats", url: "nats://a", caFile: "ca.pem" } },
      { base, env: { NATS_URL: "nats://b" } },
    );
    expect(config.bus).toMatchObject({ caFile: path.join(base, "ca.pem") });
  });

  it("is named beside the fault that it caused", () => {
    for (const [name, value] of Object.entries({
      CRYPTLET_API_PORT: "eighty",
      CRYPTLET_PROVIDERS_ALLOW_PRIVATE_ADDRESSES: "yes",
      NATS_URL: "ftp://x",
    }))
      expect(faultsOf({}, { [name]: value })).toEqual([expect.stringContaining(name)]);
  });

  it("hides no fault of the file", () => {
    expect(pathsOf({ api: "x" }, { CRYPTLET_API_PORT: "1" })).toEqual(["api"]);
  });
});

describe("loadConfig", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), "cryptlet-config-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, content: string | Buffer): string => {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  };

  it("starts relative paths at the file, and reads secrets from files without their line end", () => {
    write("sub/token", "hidden-value\n");
    const file = write("sub/a.json", JSON.stringify({ api: { token: { $file: "token" } } }));
    const config = loadConfig({ file: path.relative(folder, file), env: {}, cwd: folder });
    expect(config.api.token?.reveal()).toBe("hidden-value");
    expect(config.dataDirectory).toBe(path.join(folder, "sub", ".cryptlet"));
  });

  it("looks at the option, then CRYPTLET_CONFIG, then fabric.json, then takes the defaults", () => {
    expect(loadConfig({ env: {}, cwd: folder }).fabric).toBe("local");
    const inForce = write("fabric.json", '{"fabric":"from-default-file"}');
    const other = write("b.json", '{"fabric":"from-environment"}');
    const third = write("c.json", '{"fabric":"from-option"}');
    expect(loadConfig({ env: {}, cwd: folder }).fabric).toBe("from-default-file");
    const variables = { CRYPTLET_CONFIG: other };
    expect(loadConfig({ env: variables, cwd: folder }).fabric).toBe("from-environment");
    expect(loadConfig({ file: third, env: variables, cwd: folder }).fabric).toBe("from-option");
    rmSync(inForce);
  });

  it.each([
    ["not JSON", "{"],
    ["empty", ""],
    ["with a key that stands twice", '{"fabric":"a","fabric":"b"}'],
    ["above the size", `"${" ".repeat(4_200_000)}"`],
  ])("refuses a file that is %s", (_, content) => {
    const file = write("bad.json", content);
    expect(failure(() => loadConfig({ file, env: {}, cwd: folder })).code).toBe(
      "CONFIG_UNREADABLE",
    );
  });

  it("refuses a file that is not there, and a folder", () => {
    for (const file of ["nothing.json", "."])
      expect(failure(() => loadConfig({ file, env: {}, cwd: folder })).code).toBe(
        "CONFIG_UNREADABLE",
      );
  });

  it("does not let __proto__ through", () => {
    const file = write("proto.json", '{"__proto__":{"fabric":"polluted"},"constructor":{"x":1}}');
    expect(failure(() => loadConfig({ file, env: {}, cwd: folder })).code).toBe("CONFIG_INVALID");
    expect(({} as Record<string, unknown>)["fabric"]).toBeUndefined();
  });

  it.each([
    ["an empty file", Buffer.alloc(0)],
    ["a file above the size of a secret", Buffer.alloc(70_000, 97)],
  ])("refuses %s for a secret", (_, content) => {
    write("bad-secret", content);
    const file = write("d.json", JSON.stringify({ api: { token: { $file: "bad-secret" } } }));
    expect(failure(() => loadConfig({ file, env: {}, cwd: folder })).code).toBe("CONFIG_INVALID");
  });
});
