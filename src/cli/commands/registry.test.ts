import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { publisherKey, publishTiny, tinyPackage } from "../../../test/support/release-fixture.ts";
import { runForTest } from "../../../test/support/run-cli.ts";
import { serveRegistry } from "../../../test/support/serve-registry.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { cryptletIdSchema } from "../../core/ids.ts";
import {
  makeFolderRegistry,
  openFolderRegistry,
  type RegistryIdentity,
} from "../../registry/open-folder-registry.ts";
import { markRelease } from "../../registry/publish-release.ts";
import { commands } from "../commands.ts";

let root: string;
let registry: string;
let identity: RegistryIdentity;
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  root = temporaryFolder();
  registry = path.join(root, "registry");
  identity = await makeFolderRegistry(registry);
  const opened = await openFolderRegistry(registry);
  await publishTiny(opened, tinyPackage(), { displayName: "Acme Metals" });
  await publishTiny(opened, tinyPackage({ version: "1.1.0", description: "Gold, twice an hour" }));
  await publishTiny(opened, tinyPackage({ id: "wind-speed", description: "Of the north sea" }), {
    seed: 2,
  });
  const old = await opened.release(cryptletIdSchema.parse("gold-price"), "1.0.0");
  if (!old) throw new Error("not published");
  const said = { reason: "use 1.1.0", key: publisherKey(1), at: 2_000 };
  await markRelease(opened, old, { ...said, kind: "deprecate" });
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

const run = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runForTest(argv, commands, { env });
const json = async (argv: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const { code, stdout } = await run([...argv, "--json"], env);
  return {
    code,
    ...(JSON.parse(stdout) as { ok: boolean; data: never; error?: { code: string } }),
  };
};
const serve = async () => {
  const served = await serveRegistry(registry);
  closing.push(served.close);
  return served.url;
};

describe("cryptlet search", () => {
  it("finds by words and filters, in a folder and over HTTP alike", async () => {
    const url = await serve();
    for (const at of [registry, url]) {
      const text = await run(["search", "gold", "pri", "--registry", at]);
      expect(text.code).toBe(0);
      expect(text.stdout).toMatch(/^gold-price 1\.1\.0\n/);
      for (const part of ["xau-usd", "api.example.com", "Acme Metals", "2 versions"])
        expect(text.stdout).toContain(part);
      const found = await json(["search", "host:example.com", "north", "--registry", at]);
      expect(found).toMatchObject({ ok: true, data: { packages: [{ name: "wind-speed" }] } });
    }
    const own = await json(["search", "--url", url]);
    expect(own).toMatchObject({ data: { packages: [{ name: "wind-speed" }, {}], next: null } });
  });

  it("takes the registry from the environment, and keeps the index for the next question", async () => {
    const env = { CRYPTLET_REGISTRY: registry };
    expect((await run(["search", "gold"], env)).stdout).toContain("gold-price");
    expect(existsSync(path.join(registry, "private", "search.db"))).toBe(true);
    await publishTiny(
      await openFolderRegistry(registry),
      tinyPackage({ id: "gold-again", description: "x" }),
      {
        seed: 1,
      },
    );
    const page = await json(["search", "gold", "--limit", "1"], env);
    expect(page).toMatchObject({ data: { packages: [{ name: "gold-again" }] } });
    const { next } = page.data as { next: string };
    const rest = await json(["search", "gold", "--cursor", next], env);
    expect(rest).toMatchObject({ data: { packages: [{ name: "gold-price" }] } });
  });

  it("says what a slip was taken for, and when nothing fits", async () => {
    const slip = await run(["search", "nroth", "--registry", registry]);
    expect(slip.stdout).toContain("nroth was taken for north");
    const none = await run(["search", "platinum", "--registry", registry]);
    expect([none.code, none.stdout]).toEqual([0, expect.stringContaining("Nothing fits")]);
  });

  it.each([
    [["search", "x", "--registry", "/nowhere/at/all"], 3, "REGISTRY_UNKNOWN"],
    [["search", "x", "--registry", "http://127.0.0.1:1"], 5, "REGISTRY_UNAVAILABLE"],
    [["search", "x", "--registry", "http://user:pass@127.0.0.1:1"], 2, "REGISTRY_ADDRESS_INVALID"],
    [["search", "x", "--limit", "0"], 2, "USAGE_INVALID"],
  ])("ends %j with %i", async (argv, code, error) => {
    expect(await json(argv)).toMatchObject({ code, ok: false, error: { code: error } });
  });

  it("names the filters where it does not know one", async () => {
    const { code, stdout } = await run([
      "search",
      "hots:kraken.com",
      "--registry",
      registry,
      "--json",
    ]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "REGISTRY_QUERY_INVALID" } });
    expect(stdout).toContain("host:");
  });
});

describe("the token", () => {
  it("of a registry's host goes there, and that of another host does not", async () => {
    const served = await serveRegistry(registry, {}, { token: "registry-token" });
    closing.push(served.close);
    const argv = ["search", "gold", "--registry", served.url];
    expect(await json(argv)).toMatchObject({ code: 4, error: { code: "API_UNAUTHORIZED" } });
    const api = { CRYPTLET_API_TOKEN: "registry-token" };
    expect(await json(argv, api)).toMatchObject({ code: 4 });
    const own = { CRYPTLET_REGISTRY_TOKEN: "registry-token" };
    expect(await json(argv, own)).toMatchObject({ ok: true });
    expect(await json(["search", "gold", "--url", served.url], api)).toMatchObject({ ok: true });
    expect(await json(["show", "gold-price", "--registry", served.url], own)).toMatchObject({
      ok: true,
    });
  });
});

describe("cryptlet show", () => {
  it("shows the newest that stands, with everything that it may touch and the log's proof", async () => {
    for (const at of [registry, await serve()]) {
      const text = await run(["show", "gold-price", "--registry", at]);
      expect(text.code).toBe(0);
      for (const part of [
        "gold-price@1.1.0",
        "Gold, twice an hour",
        "http api.example.com:443/v1",
        "Acme Metals",
        "entry 2 of 6",
        "the registry's own word",
        "1 source files by digest",
        "deprecated",
      ])
        expect(text.stdout).toContain(part);
    }
    const shown = await json(["show", "gold-price@1.0.0", "--registry", registry]);
    expect(shown).toMatchObject({
      ok: true,
      data: {
        version: "1.0.0",
        state: "deprecated",
        deprecated: { reason: "use 1.1.0" },
        publisher: { id: publisherKey(1).record.keyid, name: "Acme Metals" },
        capabilities: [{ capability: "http api.example.com:443/v1" }],
        log: { position: 1, size: 6, origin: identity.origin, given: false },
        versions: [{ version: "1.0.0" }, { version: "1.1.0", state: "published" }],
        provenance: { predicateType: "https://slsa.dev/provenance/v1" },
        values: null,
      },
    });
  });

  it("holds the log against a key that the caller knows", async () => {
    const argv = ["show", "gold-price", "--registry", registry, "--registry-key"];
    expect(await json([...argv, identity.key])).toMatchObject({ data: { log: { given: true } } });
    const other = await makeFolderRegistry(path.join(root, "other"));
    expect(await json([...argv, other.key])).toMatchObject({
      code: 12,
      error: { code: "CHECKPOINT_NOT_SIGNED" },
    });
    expect(await json([...argv, "nonsense"])).toMatchObject({
      code: 2,
      error: { code: "CHECKPOINT_KEY_INVALID" },
    });
  });

  it("prints the typed interface alone", async () => {
    const argv = ["show", "gold-price", "--registry", registry];
    const solidity = await run([...argv, "--solidity"]);
    expect(solidity.stdout).toContain("interface IGoldPriceFeed");
    expect(solidity.stdout.startsWith("// SPDX")).toBe(true);
    const typescript = await run([...argv, "--typescript"]);
    expect(typescript.stdout).toContain("export");
    expect(await json([...argv, "--solidity", "--typescript"])).toMatchObject({
      code: 2,
      error: { code: "USAGE_INVALID" },
    });
  });

  it("goes on without values where the host does not answer, but prints no header without its addresses", async () => {
    const argv = [
      "show",
      "gold-price",
      "--registry",
      registry,
      "--values",
      "--url",
      "http://127.0.0.1:1",
    ];
    const text = await run(argv);
    expect([text.code, text.stdout]).toEqual([0, expect.stringContaining("No values")]);
    expect(await json([...argv, "--solidity"])).toMatchObject({ code: 5 });
  });

  it("says where a host publishes no feed of it", async () => {
    const argv = ["show", "wind-speed", "--values", "--url", await serve()];
    expect((await run(argv)).stdout).toContain("publishes no feed of wind-speed");
  });

  it.each([
    ["nobody", 3, "RELEASE_UNKNOWN"],
    ["gold-price@9.9.9", 3, "RELEASE_UNKNOWN"],
    ["gold-price@1", 2, "RELEASE_NAME_INVALID"],
    ["../private/checkpoint.key", 2, "RELEASE_NAME_INVALID"],
  ])("ends %s with %i", async (name, code, error) => {
    expect(await json(["show", name, "--registry", registry])).toMatchObject({
      code,
      error: { code: error },
    });
  });
});

describe("cryptlet registry sync", () => {
  it("copies over HTTP and from a copy, keeps the key, and says whose word it is", async () => {
    const mirror = path.join(root, "mirror");
    const url = await serve();
    const argv = ["registry", "sync", "--from", url, "--to", mirror];
    expect(await json(argv)).toMatchObject({ code: 2, error: { code: "MIRROR_KEY_NEEDED" } });
    expect(existsSync(mirror)).toBe(false);
    const first = await json([...argv, "--trust-first"]);
    expect(first).toMatchObject({ ok: true, data: { size: 6, from: 0, trusted: "first-use" } });
    expect(await json([...argv, "--trust-first"])).toMatchObject({
      data: { size: 6, from: 6, files: 0, trusted: "copy" },
    });
    const stick = path.join(root, "stick");
    const second = await run([
      "registry",
      "sync",
      "--from",
      mirror,
      "--to",
      stick,
      "--registry-key",
      identity.key,
    ]);
    expect([second.code, second.stdout]).toEqual([0, expect.stringContaining("6 entries")]);
    expect(readFileSync(path.join(stick, "checkpoint"), "utf8")).toBe(
      readFileSync(path.join(registry, "checkpoint"), "utf8"),
    );
    expect((await run(["search", "gold", "--registry", stick])).stdout).toContain("gold-price");
  });

  it("keeps nothing of a source that another key signs for", async () => {
    const other = await makeFolderRegistry(path.join(root, "other"));
    const mirror = path.join(root, "mirror");
    const argv = ["registry", "sync", "--from", registry, "--to", mirror];
    const refused = await json([...argv, "--registry-key", other.key]);
    expect(refused).toMatchObject({ code: 12, error: { code: "CHECKPOINT_NOT_SIGNED" } });
    expect(existsSync(path.join(mirror, "registry.json"))).toBe(false);
    expect(await json(["registry", "sync", "--to", mirror])).toMatchObject({ code: 2 });
    expect(await json(["registry", "sync", "--from", registry, "--to", registry])).toMatchObject({
      code: 4,
      error: { code: "MIRROR_TARGET_REFUSED" },
    });
  });
});
