import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { failureOf } from "../../../test/support/failure-of.ts";
import { folderContents } from "../../../test/support/folder-contents.ts";
import { publisherKey, publishTiny, tinyPackage } from "../../../test/support/release-fixture.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { cryptletIdSchema, type CryptletId } from "../../core/ids.ts";
import {
  makeFolderRegistry,
  openFolderRegistry,
  type FolderRegistry,
} from "../open-folder-registry.ts";
import { markRelease, rotatePublisherKey } from "../publish-release.ts";
import type { Registry } from "../registry.ts";
import { syncMirror } from "./sync-mirror.ts";

const id = (name: string): CryptletId => cryptletIdSchema.parse(name);
let root: string;
let source: FolderRegistry;
let copy: string;
let verifier: string;

beforeEach(async () => {
  root = temporaryFolder();
  await makeFolderRegistry(path.join(root, "source"));
  source = await openFolderRegistry(path.join(root, "source"));
  copy = path.join(root, "copy");
  verifier = source.identity.key;
});

/** What a reader of the registry gets to see: everything but what is the writer's own. */
const publicFiles = (folder: string): ReadonlyMap<string, string> =>
  new Map([...folderContents(folder)].filter(([name]) => !name.startsWith("private")));

const fill = async (): Promise<void> => {
  await publishTiny(source, tinyPackage());
  await publishTiny(source, tinyPackage({ version: "1.1.0", description: "Better" }));
  await publishTiny(source, tinyPackage({ id: "silver-price" }), { seed: 2 });
  const old = await source.release(id("gold-price"), "1.0.0");
  if (!old) throw new Error("no release");
  await markRelease(source, old, {
    kind: "revoke",
    reason: "wrong source",
    key: publisherKey(1),
    at: 2_000,
  });
};

describe("a copy of a registry", () => {
  it("is the registry without the key to sign, byte for byte", async () => {
    await fill();
    const report = await syncMirror({ source, folder: copy, verifier });
    expect(report).toMatchObject({ origin: source.identity.origin, from: 0, size: 6, verifier });
    expect(publicFiles(copy)).toEqual(publicFiles(path.join(root, "source")));
    expect(existsSync(path.join(copy, "private", "checkpoint.key"))).toBe(false);
    const mirror = await openFolderRegistry(copy);
    expect(mirror.writable).toBe(false);
    expect(await mirror.release(id("gold-price"), "1.0.0")).toEqual(
      await source.release(id("gold-price"), "1.0.0"),
    );
    const refused = await failureOf(() => publishTiny(mirror, tinyPackage({ id: "copper" })));
    expect(refused).toMatchObject({ code: "REGISTRY_READ_ONLY" });
  });

  it("goes on by position, fetches nothing twice, and can be a source itself", async () => {
    await fill();
    const first = await syncMirror({ source, folder: copy, verifier });
    expect(first.files).toBeGreaterThan(0);
    expect(await syncMirror({ source, folder: copy, verifier: null })).toMatchObject({
      from: 6,
      size: 6,
      files: 0,
    });
    await publishTiny(source, tinyPackage({ version: "1.2.0", description: "Best" }));
    const more = await syncMirror({ source, folder: copy, verifier });
    // The code is the same as before: only the manifest is new.
    expect(more).toMatchObject({ from: 6, size: 7, files: 1 });
    const mirror = await openFolderRegistry(copy);
    const second = path.join(root, "second");
    await syncMirror({ source: mirror, folder: second, verifier });
    expect(publicFiles(second)).toEqual(publicFiles(copy));
  });

  it("copies an empty registry, and follows a publisher to another key", async () => {
    expect(await syncMirror({ source, folder: copy, verifier })).toMatchObject({ size: 0 });
    await publishTiny(source, tinyPackage());
    await rotatePublisherKey(source, { old: publisherKey(1), next: publisherKey(3) }, 1_500);
    await syncMirror({ source, folder: copy, verifier });
    const mirror = await openFolderRegistry(copy);
    expect(await mirror.publisherOfKey(publisherKey(3).record.keyid)).toMatchObject({
      id: publisherKey(1).record.keyid,
      names: ["gold-price"],
    });
  });

  it("takes a log in pages, each proven before it is kept", async () => {
    await fill();
    const seen: number[] = [];
    const short: Registry = {
      ...source,
      entries: async ({ from }) => await source.entries({ from, limit: 2 }),
    };
    const onProgress = ({ size }: { readonly size: number }) => void seen.push(size);
    await syncMirror({ source: short, folder: copy, verifier, onProgress });
    expect(seen).toEqual([2, 4, 6]);
    expect(publicFiles(copy)).toEqual(publicFiles(path.join(root, "source")));
  });

  it("says how far it is", async () => {
    await fill();
    const seen: { size: number; of: number }[] = [];
    await syncMirror({ source, folder: copy, verifier, onProgress: (now) => seen.push(now) });
    expect(seen.at(-1)).toEqual({ size: 6, of: 6 });
  });
});

describe("a run that ends early", () => {
  /** The source, until so many calls were made of it. */
  const until = (calls: number): Registry => {
    let left = calls;
    return new Proxy<Registry>(source, {
      get: (target, name, receiver) => {
        const value: unknown = Reflect.get(target, name, receiver);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          left -= 1;
          if (left < 0) throw new Error("the line is cut");
          return Reflect.apply(value, target, args);
        };
      },
    });
  };

  it("shows nothing new, whenever it ends, and the next one goes on", async () => {
    await fill();
    for (let calls = 0; ; calls += 1) {
      const folder = path.join(root, `copy-${calls}`);
      const ended = await syncMirror({ source: until(calls), folder, verifier }).then(
        () => true,
        () => false,
      );
      if (ended) break;
      expect(existsSync(path.join(folder, "checkpoint"))).toBe(false);
      expect(existsSync(path.join(folder, "registry.json"))).toBe(false);
      await syncMirror({ source, folder, verifier });
      expect(publicFiles(folder)).toEqual(publicFiles(path.join(root, "source")));
      expect(calls).toBeLessThan(50);
    }
  });

  it("leaves what was there before as it was", async () => {
    await fill();
    await syncMirror({ source, folder: copy, verifier });
    const before = publicFiles(copy);
    await publishTiny(source, tinyPackage({ id: "copper-price", description: "Copper" }, "other"));
    await expect(syncMirror({ source: until(5), folder: copy, verifier })).rejects.toThrow(
      "the line is cut",
    );
    const after = publicFiles(copy);
    for (const [name, content] of before) expect(after.get(name)).toBe(content);
    const mirror = await openFolderRegistry(copy);
    expect(await mirror.releases(id("copper-price"))).toEqual([]);
  });

  it("ends by its signal", async () => {
    await fill();
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(syncMirror({ source, folder: copy, verifier, signal })).rejects.toThrow("enough");
  });

  it("mends a file that was damaged meanwhile", async () => {
    await fill();
    const folder = copy;
    await expect(syncMirror({ source: until(8), folder, verifier })).rejects.toThrow(
      "the line is cut",
    );
    const [shard] = readdirSync(path.join(folder, "blobs"));
    const [file] = readdirSync(path.join(folder, "blobs", shard ?? ""));
    writeFileSync(path.join(folder, "blobs", shard ?? "", file ?? ""), "damaged");
    await syncMirror({ source, folder, verifier });
    expect(publicFiles(folder)).toEqual(publicFiles(path.join(root, "source")));
  });
});

describe("a folder that is no copy", () => {
  it.each([
    [
      "a folder of something else",
      async () => {
        writeFileSync(path.join(copy, "thesis.txt"), "x");
      },
    ],
    [
      "a registry of its own",
      async () => {
        rmSync(copy, { recursive: true });
        await makeFolderRegistry(copy);
      },
    ],
  ])("is left alone: %s", async (_, make) => {
    mkdirSync(copy, { recursive: true });
    await make();
    const before = folderContents(copy);
    const failure = await failureOf(() => syncMirror({ source, folder: copy, verifier }));
    expect(failure).toMatchObject({ code: "MIRROR_TARGET_REFUSED" });
    expect(folderContents(copy)).toEqual(before);
  });

  it("needs a key before anything is copied, and keeps to it", async () => {
    const none = await failureOf(() => syncMirror({ source, folder: copy, verifier: null }));
    expect(none).toMatchObject({ code: "MIRROR_KEY_NEEDED" });
    expect(existsSync(copy)).toBe(false);
    await syncMirror({ source, folder: copy, verifier });
    const other = await makeFolderRegistry(path.join(root, "other"));
    const failure = await failureOf(() =>
      syncMirror({ source, folder: copy, verifier: other.key }),
    );
    expect(failure).toMatchObject({ code: "MIRROR_KEY_DIFFERS" });
    expect(readFileSync(path.join(copy, "registry.json"), "utf8")).toContain(
      source.identity.origin,
    );
  });
});
