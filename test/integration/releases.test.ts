import { cpSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { readPackage } from "../../enclave-sim/host/read-package.ts";
import { loadOnce } from "../../src/cli/load-once.ts";
import type { FabricConfig } from "../../src/core/config/schema.ts";
import type { Digest } from "../../src/core/ids.ts";
import {
  startProviderEmulator,
  type ProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import { capabilitiesOf } from "../../src/registry/capability-list.ts";
import {
  makeFolderRegistry,
  openFolderRegistry,
  type FolderRegistry,
} from "../../src/registry/open-folder-registry.ts";
import { markRelease, publishRelease } from "../../src/registry/publish-release.ts";
import { failureOf } from "../support/failure-of.ts";
import { feedFor, obedientConfig, startStage, type FabricStage } from "../support/fabric-stage.ts";
import { publisherKey, releaseInput } from "../support/release-fixture.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// A second host finds a release in a registry, verifies it, runs it, and stops when it is revoked.

let emulator: ProviderEmulator;
beforeAll(async () => {
  emulator = await startProviderEmulator({ startPrice: "4000.00", maxStepPpm: 0 });
});
afterAll(async () => {
  await emulator.close();
});

const publisher = publisherKey(1).record.keyid;

interface Published {
  readonly folder: string;
  readonly registry: FolderRegistry;
  readonly config: FabricConfig;
  readonly capabilities: readonly string[];
}

/** The obedient Cryptlet as a release, and a host that accepts it. */
const publish = async (
  change: {
    readonly packages?: Partial<FabricConfig["packages"]>;
    readonly measurement?: Digest;
  } = {},
): Promise<Published> => {
  const base = temporaryFolder();
  const plain = obedientConfig(base, emulator, ["publish"]);
  const [entry] = plain.cryptlets;
  if (!entry?.package) throw new Error("the stage has a package");
  const found = await readPackage(entry.package);
  const signal = AbortSignal.timeout(60_000);
  const measurement =
    change.measurement ?? (await loadOnce(found, signal, (loaded) => loaded.measurement));
  const folder = path.join(base, "registry");
  await makeFolderRegistry(folder);
  const registry = await openFolderRegistry(folder);
  await publishRelease(
    registry,
    { ...releaseInput(found), measurement },
    { key: publisherKey(1), displayName: "Acme", approveCapabilities: false },
  );
  rmSync(entry.package, { recursive: true });
  const { id: name, version } = found.manifest;
  const capabilities = capabilitiesOf(found.manifest);
  const config: FabricConfig = {
    ...plain,
    cryptlets: [{ ...entry, package: null, release: { name, version } }],
    packages: {
      ...plain.packages,
      registries: [{ source: folder, key: registry.identity.key }],
      accept: [
        {
          names: "obedient",
          publisher,
          measurements: null,
          minimumSvn: 0,
          capabilities: [...capabilities],
        },
      ],
      folders: "refuse",
      syncIntervalMs: 1_000,
      ...change.packages,
    },
  };
  return { folder, registry, config, capabilities };
};

const start = async (config: FabricConfig): Promise<FabricStage> => {
  // The enclave has a clock of its own, which no observation may be ahead of.
  const stage = await startStage(config, Date.now() - 600_000);
  onTestFinished(() => stage.fabric.stop());
  return stage;
};
const failing = (given: Promise<unknown>) => failureOf(() => given);
const refusal = ({ config }: Published, packages: Partial<FabricConfig["packages"]> = {}) =>
  failing(startStage({ ...config, packages: { ...config.packages, ...packages } }));
const failuresOf = ({ events }: FabricStage): string[] =>
  events.flatMap((event) => (event.type === "run-failed" ? [event.error.code] : []));
/** Hours pass until the host has read the log on. */
const untilTold = (stage: FabricStage) =>
  expect
    .poll(async () => {
      await stage.clock.advance(1_000);
      return (await stage.fabric.health()).parts["releases"]?.ok;
    })
    .toBe(false);
const revoke = async ({ registry, config }: Published, kind: "deprecate" | "revoke") => {
  const [entry] = config.cryptlets;
  if (!entry?.release) throw new Error("no release");
  const release = await registry.release(entry.release.name, entry.release.version);
  if (!release) throw new Error("not published");
  await markRelease(registry, release, {
    kind,
    reason: "wrong prices",
    key: publisherKey(1),
    at: 9,
  });
};

describe("a host that runs a release", () => {
  it("fetches, verifies and runs it, and afterwards needs no registry", async () => {
    const published = await publish();
    const { fabric } = await start(published.config);
    expect((await fabric.cryptlets.list()).map(({ id, version }) => [id, version])).toEqual([
      ["obedient", "1.0.0"],
    ]);
    await fabric.trigger(feedFor("publish"));
    expect(JSON.parse(fabric.feeds.latest(feedFor("publish")).toString("utf8"))).toMatchObject({
      round: 1,
    });
    expect((await fabric.health()).parts["releases"]).toMatchObject({ ok: true });
    await fabric.stop();
    renameSync(published.folder, `${published.folder}-gone`);
    const again = await start(published.config);
    await again.fabric.trigger(feedFor("publish"));
    expect((await again.fabric.health()).parts["releases"]).toMatchObject({ ok: true });
  });

  it("runs nothing that the policy does not accept, and says what to approve", async () => {
    const published = await publish();
    const { accept } = published.config.packages;
    const [rule] = accept;
    if (!rule) throw new Error("no rule");
    expect(await refusal(published, { accept: [] })).toMatchObject({
      code: "RELEASE_NOT_ACCEPTED",
    });
    const told = await refusal(published, { accept: [{ ...rule, capabilities: [] }] });
    expect(JSON.stringify(told.arguments)).toContain("http api.gold-api.com:443/price/XAU");
    // A prefix of the path covers it.
    const wider = [{ ...rule, names: "obed*", capabilities: ["http api.gold-api.com:443/price"] }];
    await start({ ...published.config, packages: { ...published.config.packages, accept: wider } });
  });

  it("believes the checkpoint key of its configuration and no other", async () => {
    const published = await publish();
    const other = path.join(temporaryFolder(), "other");
    const { key } = await makeFolderRegistry(other);
    const registries = [{ source: published.folder, key }];
    expect(await refusal(published, { registries })).toMatchObject({
      code: "CHECKPOINT_NOT_SIGNED",
    });
  });

  it("does not run what measures differently than its publisher signed", async () => {
    const published = await publish({ measurement: `sha256:${"5".repeat(64)}` as Digest });
    expect(await refusal(published)).toMatchObject({ code: "RELEASE_CONTRADICTS" });
  });

  it("does not run altered files, wherever they were altered", async () => {
    const published = await publish();
    const blobs = path.join(published.folder, "blobs");
    for (const name of readdirSync(blobs, { recursive: true, encoding: "utf8" }))
      if (/[0-9a-f]{64}$/.test(name)) writeFileSync(path.join(blobs, name), "altered");
    expect(await refusal(published)).toMatchObject({ code: "BLOB_WRONG" });
  });

  it("stops signing when its release is revoked, and does not start with it again", async () => {
    const published = await publish();
    const stage = await start(published.config);
    await stage.fabric.trigger(feedFor("publish"));
    await revoke(published, "deprecate");
    await stage.clock.advance(1_000);
    await stage.fabric.trigger(feedFor("publish"));
    await revoke(published, "revoke");
    await untilTold(stage);
    await stage.fabric.trigger(feedFor("publish"));
    expect(failuresOf(stage)).toContain("RELEASE_REVOKED");
    await stage.fabric.stop();
    expect(await refusal(published)).toMatchObject({ code: "RELEASE_REVOKED" });
    // Also where the registry is hidden from it: it remembers.
    rmSync(published.folder, { recursive: true });
    expect(await refusal(published)).toMatchObject({ code: "RELEASE_REVOKED" });
  });

  it("goes on and says so where the policy is to report", async () => {
    const published = await publish({ packages: { onRevoked: "report" } });
    const stage = await start(published.config);
    await revoke(published, "revoke");
    await untilTold(stage);
    await stage.fabric.trigger(feedFor("publish"));
    expect(failuresOf(stage)).toEqual([]);
    expect(stage.events.map(({ type }) => type)).toContain("round-committed");
  });

  it("notices a registry that shows another past, and goes on with what it knows", async () => {
    const published = await publish();
    const { fabric } = await start(published.config);
    await fabric.stop();
    const copy = path.join(temporaryFolder(), "fork");
    cpSync(published.folder, copy, { recursive: true });
    await revoke(published, "deprecate");
    await (await start(published.config)).fabric.stop();
    // The copy has the registry's key, and goes on another way.
    const fork = { ...published, registry: await openFolderRegistry(copy) };
    await revoke(fork, "revoke");
    const { key } = fork.registry.identity;
    const registries = [{ source: copy, key }];
    expect(await refusal(published, { registries })).toMatchObject({
      code: "CONSISTENCY_PROOF_WRONG",
    });
  });

  it("takes no plain folder where releases alone are allowed", async () => {
    const plain = obedientConfig(temporaryFolder(), emulator, ["publish"]);
    const config: FabricConfig = { ...plain, packages: { ...plain.packages, folders: "refuse" } };
    expect(await failing(startStage(config))).toMatchObject({ code: "PACKAGE_FOLDER_REFUSED" });
  });
});
