import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import type { Enclave } from "../../enclave-sim/host/enclave.ts";
import { answering } from "../../test/support/guest-fixture.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { parseConfig } from "../core/config/load-config.ts";
import type { FabricConfigInput } from "../core/config/schema.ts";
import { cryptletIdSchema, feedIdSchema } from "../core/ids.ts";
import type { ManifestInput } from "../sdk/manifest.ts";
import { loadCryptlets } from "./load-cryptlets.ts";

let enclave: Enclave;
beforeAll(() => {
  enclave = createEnclave();
});
afterAll(() => enclave.close());

const manifest: ManifestInput = {
  id: "probe",
  version: "1.0.0",
  description: "A Cryptlet for tests",
  feeds: [
    {
      id: "price",
      kind: "decimal",
      description: "A price",
      minSources: 1,
      decimals: 8,
      unit: "USD",
    },
    { id: "record", kind: "record", description: "A record", minSources: 1 },
  ],
};
const feed = {
  id: "gold",
  cryptlet: "probe",
  feed: "price",
  intervalMs: 1_000,
  heartbeatMs: 60_000,
};

/** A package on disk and a configuration around it. */
const stage = (
  change: Partial<FabricConfigInput> = {},
  manifestChange: Partial<ManifestInput> = {},
) => {
  const folder = temporaryFolder();
  const directory = path.join(folder, "probe");
  mkdirSync(directory);
  writeFileSync(
    path.join(directory, "cryptlet.json"),
    JSON.stringify({ ...manifest, ...manifestChange }),
  );
  writeFileSync(path.join(directory, "bundle.js"), answering());
  writeFileSync(path.join(folder, "key"), "11".repeat(32));
  writeFileSync(path.join(folder, "ca.pem"), "-----BEGIN CERTIFICATE-----");
  const raw: FabricConfigInput = {
    fabric: "demo",
    enclave: { insecureAllowSimulated: true },
    cryptlets: [{ package: "probe" }],
    feeds: [feed],
    ...change,
  };
  return {
    folder,
    load: () => loadCryptlets(parseConfig(raw, { env: {}, base: folder }), enclave),
  };
};
const codeOf = async (load: () => Promise<unknown>): Promise<string> => {
  try {
    await load();
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "no code";
  }
  return "loaded";
};

it("gives each feed the Cryptlet that serves it, with the limits that are the lower ones", async () => {
  const park = await stage().load();
  const gold = park.feeds.get(feedIdSchema.parse("gold"));
  expect(gold?.cryptlet).toBe(park.cryptlets.get(cryptletIdSchema.parse("probe")));
  expect(gold?.feed).toMatchObject({ id: "gold", manifest: { id: "price" }, bindings: [] });
  expect(gold?.feed.hash).toMatch(/^0x[0-9a-f]{64}$/);
});

it("loads a Cryptlet that serves no feed, and a fabric without any", async () => {
  const idle = await stage({ feeds: [] }).load();
  expect([idle.cryptlets.size, idle.feeds.size]).toEqual([1, 0]);
  const empty = await stage({ cryptlets: [], feeds: [] }).load();
  expect([empty.cryptlets.size, empty.feeds.size]).toEqual([0, 0]);
});

describe("what does not fit together is refused before anything runs", () => {
  const binding = { feed: "gold", chain: "local", contract: `0x${"12".repeat(20)}` };
  const chain = {
    name: "local",
    kind: "evm" as const,
    rpcUrl: "http://127.0.0.1:9",
    chainId: 1,
    signer: { privateKey: { $file: "key" } },
  };
  const cases: readonly (readonly [string, string, ReturnType<typeof stage>["load"]])[] = [
    ["a package of another id", "CRYPTLET_ID_DIFFERS", stageLater({}, { id: "other" })],
    [
      "a feed that the manifest lacks",
      "FEED_NOT_IN_MANIFEST",
      stageLater({ feeds: [{ ...feed, feed: "silver" }] }),
    ],
    [
      "a record that is bound to a contract",
      "FEED_NOT_BINDABLE",
      stageLater({ chains: [chain], feeds: [{ ...feed, feed: "record" }], bindings: [binding] }),
    ],
    [
      "a simulated enclave that nobody allowed",
      "SIMULATED_NOT_ALLOWED",
      stageLater({ enclave: {} }),
    ],
    [
      "no package",
      "PACKAGE_UNREADABLE",
      stageLater({ cryptlets: [{ package: "nowhere", id: "probe" }] }),
    ],
    ["a manifest with faults", "PACKAGE_INVALID", stageLater({}, { version: "one" })],
    [
      "no network and no emulator",
      "PROVIDERS_UNREACHABLE",
      stageLater(
        { providers: { mode: "auto" } },
        {
          capabilities: { http: { hosts: [{ host: "*.provider.example.invalid", paths: ["/"] }] } },
        },
      ),
    ],
  ];
  it.each(cases)("%s", async (_what, code, load) => {
    expect(await codeOf(load)).toBe(code);
  });
});

/** Each case makes its folder when it runs, because a folder lives as long as its test. */
function stageLater(...parts: Parameters<typeof stage>) {
  return () => stage(...parts).load();
}

it("asks no provider where no Cryptlet asks one", async () => {
  const park = await stage({ providers: { mode: "auto" } }).load();
  expect(park.cryptlets.size).toBe(1);
});

it("takes the emulator's authority from its file only", async () => {
  const emulated = (caFile: string): Partial<FabricConfigInput> => ({
    providers: { mode: "emulated", emulator: { address: "127.0.0.1", port: 1, caFile } },
  });
  await expect(stage(emulated("ca.pem")).load()).resolves.toBeDefined();
  await expect(stage(emulated("nowhere.pem")).load()).rejects.toMatchObject({
    code: "CONFIG_FILE_UNREADABLE",
    arguments: { setting: "providers.emulator.caFile" },
  });
});
