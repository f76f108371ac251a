import { describe, expect, it } from "vitest";
import { failureOf } from "../../../test/support/failure-of.ts";
import { parseConfig } from "./load-config.ts";

const KEY = `registry.example.com+1d6b2c90+${"A".repeat(44)}`;
const publisher = `sha256:${"a".repeat(64)}`;
const read = (raw: object) => parseConfig(raw, { env: {}, base: "/etc/fabric" });
const faultsOf = async (raw: object): Promise<string> => {
  const failure = await failureOf(() => read(raw));
  expect(failure.code).toBe("CONFIG_INVALID");
  return JSON.stringify(failure.arguments);
};
const registries = [{ source: "registry", key: KEY }];
const withRelease = (release: string, packages: object = { registries }) => ({
  packages,
  cryptlets: [{ release }],
});

describe("which packages a host runs", () => {
  it("is nothing from registries and folders with a word, unless it is told", () => {
    expect(read({}).packages).toEqual({
      registries: [],
      accept: [],
      folders: "allow",
      onRevoked: "stop",
      syncIntervalMs: 300_000,
    });
  });

  it("resolves folders at the file and leaves addresses alone", () => {
    const url = "https://registry.example.com/path";
    const given = { packages: { registries: [...registries, { source: url, key: KEY }] } };
    expect(read(given).packages.registries.map(({ source }) => source)).toEqual([
      "/etc/fabric/registry",
      url,
    ]);
  });

  it("takes a rule whole, and approves nothing that is not written", () => {
    const accept = [{ names: "gold-*", publisher }];
    expect(read({ packages: { accept } }).packages.accept).toEqual([
      { names: "gold-*", publisher, measurements: null, minimumSvn: 0, capabilities: [] },
    ]);
  });

  it.each([
    [{ registries: [{ source: "registry" }] }, "registries[0].key"],
    [{ registries: [{ source: "registry", key: "whatever" }] }, "registries[0].key"],
    [{ registries: [{ source: "http://", key: KEY }] }, "registries[0].source"],
    [{ accept: [{ names: "*-price", publisher }] }, "accept[0].names"],
    [{ accept: [{ names: "Gold", publisher }] }, "accept[0].names"],
    [{ accept: [{ names: "gold" }] }, "accept[0].publisher"],
    [{ accept: [{ names: "gold", publisher: "acme" }] }, "accept[0].publisher"],
    [{ accept: [{ names: "gold", publisher, measurements: [] }] }, "accept[0].measurements"],
    [
      { accept: [{ names: "gold", publisher, capabilities: ["http\nx"] }] },
      "accept[0].capabilities",
    ],
    [{ accept: [{ names: "gold", publisher, minimumSvn: 70_000 }] }, "accept[0].minimumSvn"],
    [{ folders: "insecure" }, "folders"],
    [{ onRevoked: "ignore" }, "onRevoked"],
    [{ syncIntervalMs: 10 }, "syncIntervalMs"],
    [{ trust: "everybody" }, "packages"],
  ])("refuses %j at %s", async (packages, where) => {
    expect(await faultsOf({ packages })).toContain(where);
  });
});

describe("a Cryptlet of the configuration", () => {
  it("is a release under its own name, or a folder", () => {
    const [release] = read(withRelease("gold-price@1.2.0-rc.1")).cryptlets;
    expect(release).toMatchObject({
      id: "gold-price",
      package: null,
      release: { name: "gold-price", version: "1.2.0-rc.1" },
    });
    const [folder] = read({ cryptlets: [{ package: "dist/gold-price" }] }).cryptlets;
    expect(folder).toMatchObject({
      id: "gold-price",
      package: "/etc/fabric/dist/gold-price",
      release: null,
    });
  });

  it("is not both, not neither, and no release without a registry", async () => {
    const both = { packages: { registries }, cryptlets: [{ package: "a", release: "a@1.0.0" }] };
    expect(await faultsOf(both)).toContain("either package or release");
    expect(await faultsOf({ cryptlets: [{ id: "a" }] })).toContain("either package or release");
    expect(await faultsOf(withRelease("gold-price@1.0.0", {}))).toContain("cryptlets[0].release");
  });

  it.each([
    "gold-price",
    "gold-price@",
    "@1.0.0",
    "gold-price@^1.0.0",
    "gold-price@1",
    "Gold@1.0.0",
    "a@b@1.0.0",
  ])("is no release as %s", async (release) => {
    expect(await faultsOf(withRelease(release))).toContain("cryptlets[0].release");
  });

  it("serves the feeds that name its release", async () => {
    const feed = { id: "gold", feed: "xau-usd", intervalMs: 1_000, heartbeatMs: 60_000 };
    const good = {
      ...withRelease("gold-price@1.0.0"),
      feeds: [{ ...feed, cryptlet: "gold-price" }],
    };
    expect(read(good).feeds).toHaveLength(1);
    const twice = {
      packages: { registries },
      cryptlets: [{ release: "gold-price@1.0.0" }, { release: "gold-price@1.0.1" }],
    };
    expect(await faultsOf(twice)).toContain("cryptlets[1].id");
  });
});
