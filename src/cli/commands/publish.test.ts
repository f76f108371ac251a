import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

import { buildPackage, writePackage } from "../../../enclave-sim/host/build-package.ts";
import { runForTest } from "../../../test/support/run-cli.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { createSigningKey } from "../../crypto/key-record.ts";
import { sealPublisherKey } from "../../registry/publisher-key-file.ts";

import { keyCreate } from "./key-create.ts";
import { publish } from "./publish.ts";
import { publisherRotate } from "./publisher-rotate.ts";
import { revoke } from "./revoke.ts";

const runCli = (argv: readonly string[], options: { readonly env: Record<string, string> }) =>
  runForTest(argv, [publish, revoke, publisherRotate, keyCreate], options);
const PASSWORD = "correct horse battery";
const GOLD = path.resolve("cryptlets/gold-price");
const keys: string[] = [];
beforeAll(async () => {
  for (const seed of [1, 2]) {
    const cost = { n: 16_384, r: 1, p: 1 };
    keys.push(await sealPublisherKey(new Uint8Array(32).fill(seed), PASSWORD, { cost }));
  }
});

/** In a folder of its own the SDK is known by its name. */
const importByName = (file: string) => {
  const text = readFileSync(file, "utf8");
  writeFileSync(
    file,
    text.replaceAll(/"(?:\.\.\/)+src\/sdk\/index\.ts"/g, '"cryptlet-fabric/sdk"'),
  );
};
const stage = () => {
  const folder = temporaryFolder();
  const file = (name: string) => path.join(folder, name);
  for (const [at, text] of keys.entries()) writeFileSync(file(`key-${at + 1}.json`), text);
  /** A copy of the gold Cryptlet whose sources can be changed. */
  const copy = (name: string, change: Record<string, unknown> = {}) => {
    cpSync(GOLD, file(name), { recursive: true });
    for (const source of readdirSync(path.join(file(name), "src"), {
      recursive: true,
      encoding: "utf8",
    }))
      if (source.endsWith(".ts")) importByName(path.join(file(name), "src", source));
    const manifest = JSON.parse(readFileSync(path.join(GOLD, "cryptlet.json"), "utf8")) as object;
    writeFileSync(
      path.join(file(name), "cryptlet.json"),
      JSON.stringify({ ...manifest, ...change }),
    );
    return file(name);
  };
  const run = async (...argv: string[]) => {
    const env = { CRYPTLET_KEY_PASSWORD: PASSWORD };
    const { code, stdout } = await runCli([...argv, "--registry", file("registry"), "--json"], {
      env,
    });
    const document = JSON.parse(stdout) as {
      ok: boolean;
      data: Record<string, unknown>;
      error?: { code: string; message: string };
    };
    return {
      code,
      error: document.error?.code,
      data: document.data,
      message: document.error?.message,
    };
  };
  return { file, copy, run };
};

describe("cryptlet publish", () => {
  it("publishes a source folder with its provenance, and the same again is success", async () => {
    const { file, run, copy } = stage();
    const key = ["--key", file("key-1.json")];
    const missing = await run("publish", GOLD, ...key);
    expect(missing).toMatchObject({ code: 3, error: "REGISTRY_UNKNOWN" });
    expect(existsSync(file("registry"))).toBe(false);
    const first = await run("publish", GOLD, ...key, "--create", "--publisher", "Acme");
    expect(first).toMatchObject({
      code: 0,
      data: {
        name: "gold-price",
        version: "1.0.0",
        repeated: false,
        newPublisher: true,
        position: 1,
      },
    });
    expect(first.data["publisher"]).toBe(
      createSigningKey("ed25519", new Uint8Array(32).fill(1)).record.keyid,
    );
    expect(first.data["sources"]).toBeGreaterThan(3);
    // What it prints is a configuration that a host takes.
    expect(first.data["configuration"]).toMatchObject({
      cryptlets: [{ release: "gold-price@1.0.0" }],
      packages: { accept: [{ names: "gold-price", publisher: first.data["publisher"] }] },
    });
    const again = await run("publish", GOLD, ...key);
    expect(again).toMatchObject({ code: 0, data: { repeated: true, position: 1 } });
    // A publisher was named at the first publication; a name that comes later is not passed over in silence.
    const renamed = [
      "publish",
      GOLD,
      ...key,
      "--publisher",
      "Beta",
      "--registry",
      file("registry"),
    ];
    const { stdout } = await runCli(renamed, { env: { CRYPTLET_KEY_PASSWORD: PASSWORD } });
    expect(stdout).toContain('"Beta" is not taken');
    expect(await run(...renamed.slice(0, -2))).toMatchObject({ data: { publisherName: "Acme" } });
    const changed = copy("changed", { description: "Something else" });
    expect(await run("publish", changed, ...key)).toMatchObject({
      code: 4,
      error: "VERSION_EXISTS",
    });
    const other = ["--key", file("key-2.json")];
    expect(await run("publish", copy("stolen", { version: "1.0.1" }), ...other)).toMatchObject({
      code: 4,
      error: "NAME_TAKEN",
    });
    const fake = copy("fake", { id: "g0ld-price" });
    expect(await run("publish", fake, ...other)).toMatchObject({
      code: 4,
      error: "NAME_LOOKS_ALIKE",
    });
    expect(await run("publish", fake, ...other, "--allow-similar-name")).toMatchObject({ code: 0 });
  });

  it("asks before a version may touch more", async () => {
    const { file, run, copy } = stage();
    const key = ["--key", file("key-1.json")];
    await run("publish", GOLD, ...key, "--create");
    const manifest = JSON.parse(readFileSync(path.join(GOLD, "cryptlet.json"), "utf8")) as {
      capabilities: object;
    };
    const more = copy("more", {
      version: "1.1.0",
      capabilities: { ...manifest.capabilities, random: true },
    });
    const refused = await run("publish", more, ...key);
    expect(refused).toMatchObject({ code: 4, error: "CAPABILITIES_NOT_APPROVED" });
    expect(refused.message).toContain("random");
    expect(await run("publish", more, ...key, "--approve-capabilities")).toMatchObject({
      code: 0,
      data: { added: ["random"] },
    });
  });

  it("publishes a built package, with sources only where they build into it", async () => {
    const { file, run, copy } = stage();
    const key = ["--key", file("key-1.json"), "--create"];
    await writePackage(await buildPackage(GOLD), file("built"));
    const wrong = copy("wrong", { description: "Something else" });
    expect(await run("publish", file("built"), ...key, "--source", wrong)).toMatchObject({
      code: 13,
      error: "SOURCE_NOT_THIS_PACKAGE",
    });
    const without = await run("publish", file("built"), ...key);
    expect(without).toMatchObject({ code: 0, data: { sources: 0 } });
    const same = await run("publish", file("built"), ...key, "--source", GOLD);
    expect(same).toMatchObject({ code: 0, data: { repeated: true } });
  });

  it("deprecates, revokes and goes on with another key", async () => {
    const { file, run, copy } = stage();
    const key = ["--key", file("key-1.json")];
    await run("publish", GOLD, ...key, "--create");
    const mark = (...more: string[]) =>
      run("revoke", "gold-price@1.0.0", ...more, "--reason", "old");
    expect(await mark(...key, "--deprecate")).toMatchObject({
      code: 0,
      data: { kind: "deprecate" },
    });
    expect(await mark("--key", file("key-2.json"))).toMatchObject({
      code: 12,
      error: "PUBLISHER_UNKNOWN",
    });
    const rotated = await run("publisher", "rotate", ...key, "--new-key", file("key-2.json"));
    expect(rotated.code).toBe(0);
    expect(await mark(...key)).toMatchObject({ code: 12, error: "SIGNER_NOT_TRUSTED" });
    expect(await mark("--key", file("key-2.json"))).toMatchObject({
      code: 0,
      data: { kind: "revoke" },
    });
    expect(await mark("--key", file("key-2.json"))).toMatchObject({
      code: 4,
      error: "RELEASE_REVOKED",
    });
    expect(await run("revoke", "gold-price@7.0.0", ...key, "--reason", "x")).toMatchObject({
      code: 3,
      error: "RELEASE_UNKNOWN",
    });
    expect(await run("revoke", "gold-price", ...key, "--reason", "x")).toMatchObject({
      code: 2,
      error: "RELEASE_NAME_INVALID",
    });
    const next = copy("next", { version: "1.0.1" });
    expect(await run("publish", next, "--key", file("key-2.json"))).toMatchObject({
      code: 0,
      data: { publisher: rotated.data["publisher"] },
    });
  });

  it("names what is missing, and refuses a wrong password before it builds", async () => {
    const { file } = stage();
    const base = ["publish", GOLD, "--registry", file("registry"), "--json"];
    const without = await runCli(base, { env: {} });
    expect(without.code).toBe(2);
    expect(without.stdout).toContain("--key");
    const silent = await runCli([...base, "--key", file("key-1.json")], { env: {} });
    expect(silent.code).toBe(2);
    expect(silent.stdout).toContain("FLAG_MISSING");
    const wrong = await runCli([...base, "--key", file("key-1.json")], {
      env: { CRYPTLET_KEY_PASSWORD: "something else" },
    });
    expect(wrong.code).toBe(4);
    expect(wrong.stdout).toContain("PUBLISHER_KEY_REFUSED");
    const nowhere = await runCli(
      [
        "publish",
        file("nothing"),
        "--registry",
        file("registry"),
        "--key",
        file("key-1.json"),
        "--json",
      ],
      { env: { CRYPTLET_KEY_PASSWORD: PASSWORD } },
    );
    expect(nowhere.stdout).toContain("SOURCE_FOLDER_MISSING");
    expect(existsSync(file("registry"))).toBe(false);
  });
});

describe("cryptlet key create --suite ed25519", () => {
  it("makes a publisher's key for its owner alone, and only with a good password", async () => {
    const file = path.join(temporaryFolder(), "publisher.json");
    const short = await runCli(["key", "create", file, "--suite", "ed25519", "--json"], {
      env: { CRYPTLET_KEY_PASSWORD: "short" },
    });
    expect(short.code).toBe(2);
    const made = await runCli(["key", "create", file, "--suite", "ed25519", "--json"], {
      env: { CRYPTLET_KEY_PASSWORD: PASSWORD },
    });
    expect(made.code).toBe(0);
    const { data } = JSON.parse(made.stdout) as { data: { publisher: string } };
    expect(data.publisher).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(readFileSync(file, "utf8")).toContain(data.publisher);
    const again = await runCli(["key", "create", file, "--suite", "ed25519", "--json"], {
      env: { CRYPTLET_KEY_PASSWORD: PASSWORD },
    });
    expect(again.stdout).toContain("FILE_UNWRITABLE");
  });
});
