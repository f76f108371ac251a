import { describe, expect, it } from "vitest";
import { isFabricError } from "../errors/fabric-error.ts";
import { parseConfig } from "./load-config.ts";

const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const env = { KEY, URL: "https://user:hidden@node.example/hidden", PASSWORD: "hidden", TOKEN: "t" };
const ADDRESS = `0x${"aB".repeat(20)}`;
const base = "/srv";
const chain = {
  name: "local",
  kind: "evm",
  rpcUrl: "http://127.0.0.1:8545",
  chainId: 1,
  signer: { privateKey: { $env: "KEY" } },
};
const parse = (change: object, bindings: readonly object[] = []) => {
  const config = parseConfig({ chains: [{ ...chain, ...change }], bindings }, { env, base });
  const [parsed] = config.chains;
  if (!parsed) throw new Error("no chain");
  return parsed;
};
/** Paths of everything that is wrong. */
const faultsOf = (change: object): readonly string[] => {
  try {
    parse(change);
    return [];
  } catch (error) {
    if (!isFabricError(error, "CONFIG_INVALID")) throw error;
    expect(error.message).not.toContain("hidden");
    const lines = String(error.arguments["faults"]).split("\n");
    return lines.map((line) => line.trim().replace(/: .*/, "").replace("chains[0].", ""));
  }
};
const urls = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ url: `https://node-${index}.example` }));
const several = (count: number, change: object = {}) => ({
  rpcUrl: undefined,
  endpoints: urls(count),
  ...change,
});

describe("endpoints", () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [9, 5],
  ])("of %i of them %i must agree unless it is said", (count, quorum) => {
    const parsed = parse(several(count));
    expect(parsed.quorum).toBe(quorum);
    expect(parsed.endpoints.map(({ name }) => name)[count - 1]).toBe(`rpc-${count}`);
    expect(parse(several(count, { quorum: 1 })).quorum).toBe(1);
  });

  it("are one where rpcUrl stands", () => {
    const parsed = parse({ rpcUrl: { $env: "URL" } });
    expect(parsed).toMatchObject({ quorum: 1, maxLagBlocks: 8, timeoutMs: 15_000 });
    expect(parsed.endpoints[0]?.url.reveal()).toBe(env.URL);
    expect(parsed).not.toHaveProperty("rpcUrl");
  });

  it.each([
    ["none", { rpcUrl: undefined }, "rpcUrl"],
    ["both forms", { endpoints: urls(1) }, "rpcUrl"],
    ["too many", several(10), "endpoints"],
    ["no list", several(0), "endpoints"],
    [
      "two of one name",
      several(0, { endpoints: [{ url: "http://a", name: "rpc-2" }, { url: "http://b" }] }),
      "endpoints",
    ],
    ["a quorum above their number", several(2, { quorum: 3 }), "quorum"],
    ["a quorum of none", several(2, { quorum: 0 }), "quorum"],
    ["web sockets, which nothing here speaks", { rpcUrl: "ws://127.0.0.1:8545" }, "rpcUrl"],
    ["credentials in plain text", { rpcUrl: "https://user:hidden@node.example" }, "rpcUrl"],
  ])("are refused: %s", (_, change, where) => {
    expect(faultsOf(change)).toEqual([where]);
  });
});

describe("signers", () => {
  const remote = { url: "https://signer.example", address: ADDRESS };

  it("are one of three, told apart by kind", () => {
    expect(parse({}).signer.kind).toBe("key");
    const keystore = { file: "key.json", password: { $env: "PASSWORD" } };
    expect(parse({ signer: { keystore } }).signer).toMatchObject({
      kind: "keystore",
      file: "/srv/key.json",
      address: null,
    });
    expect(
      parse({ signer: { remote: { ...remote, token: { $env: "TOKEN" } } } }).signer,
    ).toMatchObject({
      kind: "remote",
      address: ADDRESS.toLowerCase(),
      identifier: null,
      timeoutMs: 5_000,
    });
    expect(
      parse({ signer: { remote: { ...remote, url: "http://127.0.0.1:9000" } } }).signer.kind,
    ).toBe("remote");
  });

  it.each([
    ["none", {}, "signer"],
    ["two", { privateKey: { $env: "KEY" }, remote }, "signer"],
    ["a key that stands there", { privateKey: "hidden" }, "signer.privateKey"],
    [
      "a password that stands there",
      { keystore: { file: "x", password: "hidden" } },
      "signer.keystore.password",
    ],
    ["no address to hold the service to", { remote: { url: remote.url } }, "signer.remote.address"],
    [
      "http across a network",
      { remote: { ...remote, url: "http://signer.example" } },
      "signer.remote.url",
    ],
    [
      "half a client certificate",
      { remote: { ...remote, keyFile: "x" } },
      "signer.remote.certificateFile",
    ],
    [
      "a name with a path in it",
      { remote: { ...remote, identifier: "../x" } },
      "signer.remote.identifier",
    ],
  ])("are refused: %s", (_, signer, where) => {
    expect(faultsOf({ signer })).toEqual([where]);
  });
});

describe("fees", () => {
  it("are exact, bounded, and of three kinds", () => {
    const wei = "123456789012345678901234567890";
    expect(parse({ fees: { kind: "market", maxTipPerGas: wei } }).fees).toMatchObject({
      maxTipPerGas: BigInt(wei),
      tipPercentile: 50,
      baseFeePercent: 200,
    });
    expect(parse({ fees: { kind: "legacy-market", maxGasPrice: "7" } }).fees).toEqual({
      kind: "legacy-market",
      percent: 110,
      maxGasPrice: 7n,
    });
    for (const fees of [
      { kind: "market", tipPercentile: 0 },
      { kind: "market", tipPercentile: 100 },
      { kind: "market", baseFeePercent: 99 },
      { kind: "market", gasPrice: "1" },
      { kind: "legacy-market", percent: 99 },
      { kind: "legacy", gasPrice: "1e9" },
    ])
      expect(faultsOf({ fees })).toHaveLength(1);
  });
});

describe("a binding's budget", () => {
  const bound = (budget: unknown) => {
    const feeds = [{ id: "a", cryptlet: "x", feed: "f", intervalMs: 1, heartbeatMs: 1 }];
    const bindings = [{ feed: "a", chain: "local", contract: ADDRESS, budget }];
    const raw = { chains: [chain], cryptlets: [{ package: "x" }], feeds, bindings };
    return parseConfig(raw, { env, base }).bindings[0]?.budget;
  };

  it("is wei in a window, a day where none is said, and none by default", () => {
    expect(bound({ wei: "5" })).toEqual({ wei: 5n, windowMs: 86_400_000 });
    expect(bound({ wei: "5", windowMs: 3_600_000 })).toEqual({ wei: 5n, windowMs: 3_600_000 });
    expect(bound(undefined)).toBeNull();
    for (const wrong of [{ wei: 5 }, { wei: "5", windowMs: 1 }, { wei: "5", windowMs: 1e12 }, "5"])
      expect(() => bound(wrong)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });
});
