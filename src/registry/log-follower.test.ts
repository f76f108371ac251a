import { cpSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { failureOf } from "../../test/support/failure-of.ts";
import { publisherKey, publishTiny, tinyPackage } from "../../test/support/release-fixture.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { cryptletIdSchema, type CryptletId } from "../core/ids.ts";
import { emptyFrontier, extendFrontier, frontierRoot, isFrontier } from "./log-frontier.ts";
import { openLogFollower } from "./log-follower.ts";
import { createLogTree, hashLeaf } from "./log-tree.ts";
import {
  makeFolderRegistry,
  openFolderRegistry,
  type FolderRegistry,
} from "./open-folder-registry.ts";
import { markRelease } from "./publish-release.ts";
import type { Registry } from "./registry.ts";

const nameOf = (text: string): CryptletId => cryptletIdSchema.parse(text);
const gold = nameOf("gold-price");
const silver = nameOf("silver-price");

describe("the right edge of a tree", () => {
  it("gives the roots of the whole tree, in whatever steps it grows", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 12 }), (steps) => {
        const tree = createLogTree();
        let frontier = emptyFrontier;
        for (const step of steps) {
          const leaves = Array.from({ length: step }, (_, at) => hashLeaf(`${tree.size + at}`));
          for (const leaf of leaves) tree.append(leaf);
          frontier = extendFrontier(frontier, leaves);
          expect(isFrontier(frontier)).toBe(true);
          expect(frontier.size).toBe(tree.size);
          expect(frontierRoot(frontier)).toEqual(tree.rootAt(tree.size));
        }
      }),
    );
  });

  it("has as many hashes as its size has ones", () => {
    const hash = hashLeaf("a");
    expect(isFrontier({ size: 5, hashes: [hash, hash] })).toBe(true);
    expect(isFrontier({ size: 5, hashes: [hash] })).toBe(false);
    expect(isFrontier({ size: 4, hashes: [hash.slice(1)] })).toBe(false);
  });
});

describe("a followed log", () => {
  let registry: FolderRegistry;
  let file: string;
  beforeEach(async () => {
    const base = temporaryFolder();
    await makeFolderRegistry(path.join(base, "registry"));
    registry = await openFolderRegistry(path.join(base, "registry"));
    file = path.join(base, "kept", "followed.json");
    await publishTiny(registry, tinyPackage());
    await publishTiny(registry, tinyPackage({ id: "silver-price" }), { seed: 2 });
  });
  const follow = (...names: CryptletId[]) =>
    openLogFollower({ file, key: registry.identity.key, names });
  /** How many entries are read. */
  const counting = () => {
    let read = 0;
    const counted: Registry = {
      ...registry,
      entries: async (range, call) => {
        const page = await registry.entries(range, call);
        read += page.length;
        return page;
      },
    };
    return { counted, count: () => read };
  };

  it("keeps what concerns its names and every publisher, and nothing else", async () => {
    const one = await follow(gold);
    expect(one.known).toBeNull();
    expect(await one.sync(registry)).toBe(true);
    expect(one.known?.frontier.size).toBe(4);
    expect([...(one.known?.entries.keys() ?? [])]).toEqual([0, 1, 2]);
    expect(one.known?.state.release(gold, "1.0.0")).toBeDefined();
    expect(one.known?.state.release(silver, "1.0.0")).toBeUndefined();
    expect(one.known?.state.publisher(publisherKey(2).record.keyid)).toBeDefined();
    expect(readFileSync(file, "utf8")).not.toContain("silver-price");
  });

  it("reads on where it was, in another process too", async () => {
    await (await follow(gold)).sync(registry);
    await publishTiny(registry, tinyPackage({ version: "1.0.1" }));
    const release = await registry.release(gold, "1.0.0");
    if (!release) throw new Error("not there");
    const said = { kind: "revoke", reason: "old", key: publisherKey(1), at: 9 } as const;
    await markRelease(registry, release, said);
    const { counted, count } = counting();
    const again = await follow(gold);
    expect(again.known?.state.release(gold, "1.0.0")?.revoked).toBeNull();
    expect(await again.sync(counted)).toBe(true);
    expect(count()).toBe(2);
    expect(again.known?.state.release(gold, "1.0.0")?.revoked?.reason).toBe("old");
    expect(await again.sync(counted)).toBe(true);
    expect(count()).toBe(2);
  });

  it("begins again for a new name, and knows what it knew meanwhile", async () => {
    await (await follow(gold)).sync(registry);
    const wider = await follow(gold, silver);
    expect(wider.known?.state.release(gold, "1.0.0")).toBeDefined();
    const { counted, count } = counting();
    await wider.sync(counted);
    expect(count()).toBe(4);
    expect(wider.known?.state.release(silver, "1.0.0")).toBeDefined();
  });

  it("begins again only over the log that it saw", async () => {
    const base = temporaryFolder();
    const [seen, forked] = [path.join(base, "seen"), path.join(base, "forked")];
    await makeFolderRegistry(seen);
    cpSync(seen, forked, { recursive: true });
    const [first, second] = await Promise.all([
      openFolderRegistry(seen),
      openFolderRegistry(forked),
    ]);
    await publishTiny(first, tinyPackage());
    for (const seed of [3, 4])
      await publishTiny(second, tinyPackage({ id: `feed-${seed}` }), { seed });
    const followed = (...names: CryptletId[]) =>
      openLogFollower({ file, key: first.identity.key, names });
    await (await followed(gold)).sync(first);
    for (const names of [[gold], [gold, silver]]) {
      const again = await followed(...names);
      expect(await failureOf(() => again.sync(second))).toMatchObject({
        code: "CONSISTENCY_PROOF_WRONG",
      });
      expect(again.known?.state.release(gold, "1.0.0")).toBeDefined();
    }
  });
});
