import { cpSync, rmSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { failureOf } from "../../../test/support/failure-of.ts";
import { publisherKey, publishTiny, tinyPackage } from "../../../test/support/release-fixture.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { cryptletIdSchema } from "../../core/ids.ts";
import { openStore } from "../../store/open-store.ts";
import type { Store } from "../../store/store.ts";
import {
  makeFolderRegistry,
  openFolderRegistry,
  type FolderRegistry,
} from "../open-folder-registry.ts";
import { markRelease } from "../publish-release.ts";
import { createRegistryIndex, type RegistryIndex } from "./registry-index.ts";
import { updateIndex } from "./update-index.ts";

let folder: string;
let registry: FolderRegistry;
let store: Store;
let index: RegistryIndex;
beforeEach(async () => {
  folder = path.join(temporaryFolder(), "registry");
  await makeFolderRegistry(folder);
  registry = await openFolderRegistry(folder);
  store = await openStore({ driver: "libsql", file: ":memory:" });
  index = createRegistryIndex(store);
});
afterEach(() => store.close());

const update = (from: FolderRegistry = registry) =>
  updateIndex({ registry: from, verifier: from.identity.key, index });
const found = async (query: string) =>
  (await index.search({ query, revoked: true })).packages.map(({ name, version, state }) => [
    name,
    version,
    state,
  ]);

describe("the index of a registry", () => {
  it("follows publications and marks, reading only what is new", async () => {
    expect(await update()).toMatchObject({ size: 0 });
    await publishTiny(registry, tinyPackage());
    await publishTiny(registry, tinyPackage({ version: "1.1.0" }));
    await publishTiny(registry, tinyPackage({ id: "wind-speed", description: "Wind" }), {
      seed: 2,
    });
    expect(await update()).toMatchObject({ size: 5 });
    expect(await found("gold")).toEqual([["gold-price", "1.1.0", "published"]]);
    expect(await found("host:example.com capability:http licence:mit")).toHaveLength(2);
    const newest = await registry.release(cryptletIdSchema.parse("gold-price"), "1.1.0");
    if (!newest) throw new Error("not published");
    const said = { reason: "wrong", key: publisherKey(1), at: 2_000 };
    await markRelease(registry, newest, { ...said, kind: "revoke" });
    const asked: number[] = [];
    const watched: FolderRegistry = {
      ...registry,
      entries: async (range, call) => {
        asked.push(range.from);
        return await registry.entries(range, call);
      },
    };
    await update(watched);
    expect(asked).toEqual([5]);
    expect(await found("gold")).toEqual([["gold-price", "1.0.0", "published"]]);
    await update(watched);
    expect(asked).toEqual([5]);
  });

  it("starts again where another log, or another past, is in its place", async () => {
    await publishTiny(registry, tinyPackage());
    const early = `${folder}-early`;
    cpSync(folder, early, { recursive: true });
    await publishTiny(registry, tinyPackage({ id: "wind-speed" }));
    await update();
    expect(await found("wind")).toHaveLength(1);
    rmSync(folder, { recursive: true });
    cpSync(early, folder, { recursive: true });
    const restored = await openFolderRegistry(folder);
    await publishTiny(restored, tinyPackage({ id: "rain-fall" }));
    await update(restored);
    expect(await found("wind")).toEqual([]);
    expect(await found("")).toHaveLength(2);
    const other = `${folder}-other`;
    await makeFolderRegistry(other);
    await update(await openFolderRegistry(other));
    expect(await found("")).toEqual([]);
  });

  it("takes no checkpoint that another key signed, and keeps what it has", async () => {
    await publishTiny(registry, tinyPackage());
    await update();
    const other = await makeFolderRegistry(`${folder}-other`);
    const failure = await failureOf(() => updateIndex({ registry, verifier: other.key, index }));
    expect(failure.code).toBe("CHECKPOINT_NOT_SIGNED");
    expect(await found("gold")).toHaveLength(1);
  });
});
