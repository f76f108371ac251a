import { randomBytes } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { loadBrokerConfig, readVaultKey } from "./broker-config.ts";
import { createHostIdentifier } from "./identify-host.ts";

const TOKEN = "t".repeat(32);
const good = {
  key: { $file: "vault-key" },
  hosts: [{ name: "host-a", token: { $env: "TOKEN" } }],
  policies: { dev: "policy.json" },
};
const load = (raw: unknown, env: Record<string, string> = { TOKEN }) => {
  const file = path.join(temporaryFolder(), "broker.json");
  writeFileSync(file, typeof raw === "string" ? raw : JSON.stringify(raw));
  return { file, load: () => loadBrokerConfig(file, env) };
};
const failureOf = (act: () => unknown): { code: string; message: string } => {
  try {
    act();
    return { code: "none", message: "" };
  } catch (error) {
    return error as { code: string; message: string };
  }
};

describe("a broker's configuration", () => {
  it("resolves paths from its file, with safe defaults", () => {
    const { file, load: read } = load(good);
    const config = read();
    expect(config).toMatchObject({
      dataDirectory: path.join(path.dirname(file), "broker"),
      listen: { host: "127.0.0.1", port: 8_700 },
      tls: null,
      anchors: [],
      insecureAllowSimulated: false,
      challengeMs: 60_000,
    });
    expect(JSON.stringify(config)).not.toContain(TOKEN);
  });

  it.each<[string, object]>([
    ["to listen beyond this machine without TLS", { listen: { host: "0.0.0.0" } }],
    [
      "a simulated anchor without a word that it is insecure",
      {
        anchors: [{ name: "x", vendor: "intel", certificateFile: "root.pem", simulated: true }],
      },
    ],
    ["two hosts of one name", { hosts: [good.hosts[0], good.hosts[0]] }],
    ["no host", { hosts: [] }],
    ["a token in the file itself", { hosts: [{ name: "host-a", token: TOKEN }] }],
    ["a key in the file itself", { key: "AAAA" }],
    ["an unknown setting", { insecure: true }],
  ])("refuses %s", (_what, change) => {
    expect(failureOf(load({ ...good, ...change }).load).code).toBe("CONFIG_INVALID");
  });

  it("refuses a token that can be guessed, a file that is none, and tells no value", () => {
    const short = failureOf(load(good, { TOKEN: "short-token" }).load);
    expect(short.code).toBe("CONFIG_INVALID");
    expect(short.message).not.toContain("short-token");
    expect(failureOf(load("{").load).code).toBe("CONFIG_UNREADABLE");
    expect(failureOf(() => loadBrokerConfig("/nowhere/broker.json", {})).code).toBe(
      "CONFIG_UNREADABLE",
    );
    expect(failureOf(load('{"key":1,"key":2}').load).code).toBe("CONFIG_UNREADABLE");
  });
});

describe("the vault's key", () => {
  const write = (text: string, mode = 0o600) => {
    const base = temporaryFolder();
    writeFileSync(path.join(base, "vault-key"), text);
    chmodSync(path.join(base, "vault-key"), mode);
    return () => readVaultKey({ $file: "vault-key" }, { env: {}, base });
  };

  it("comes from a variable or from a file of its owner's", () => {
    const key = randomBytes(32);
    expect(Buffer.from(write(`${key.toString("base64")}\n`)())).toEqual(key);
    const env = { VAULT_KEY: key.toString("base64") };
    expect(Buffer.from(readVaultKey({ $env: "VAULT_KEY" }, { env, base: "/" }))).toEqual(key);
  });

  it.each([0o640, 0o604, 0o660, 0o666, 0o644])("is refused in a file of mode %o", (mode) => {
    expect(failureOf(write(randomBytes(32).toString("base64"), mode)).code).toBe(
      "VAULT_KEY_INVALID",
    );
  });

  it.each([
    "",
    "x",
    randomBytes(31).toString("base64"),
    randomBytes(33).toString("base64"),
    "=".repeat(44),
  ])("is refused when it is %j, without being told", (text) => {
    const failure = failureOf(write(text));
    expect(failure.code).toBe("VAULT_KEY_INVALID");
    if (text.length > 1) expect(failure.message).not.toContain(text);
  });

  it("is refused when it is nowhere", () => {
    for (const reference of [{ $env: "NOT_SET" }, { $file: "not-there" }])
      expect(failureOf(() => readVaultKey(reference, { env: {}, base: "/" })).code).toBe(
        "VAULT_KEY_INVALID",
      );
  });
});

it("knows a host by its token, and nobody by a part of one", () => {
  const other = "u".repeat(32);
  const { hosts } = load(
    { ...good, hosts: [...good.hosts, { name: "host-b", token: { $env: "OTHER" } }] },
    { TOKEN, OTHER: other },
  ).load();
  const identify = createHostIdentifier(hosts);
  expect(identify(`Bearer ${TOKEN}`)).toBe("host-a");
  expect(identify(`bearer  ${other} `)).toBe("host-b");
  for (const wrong of [
    undefined,
    "",
    TOKEN,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    `Basic ${TOKEN}`,
  ])
    expect(identify(wrong)).toBeNull();
});
