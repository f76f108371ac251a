import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cryptletIdSchema, type CryptletId, type Digest } from "../../src/core/ids.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import { verifyInclusion } from "../../src/envelope/merkle-tree.ts";
import { openCheckpoint } from "../../src/registry/checkpoint.ts";
import { createHttpRegistry } from "../../src/registry/http/http-registry.ts";
import { hashLeaf, verifyConsistency } from "../../src/registry/log-tree.ts";
import { makeFolderRegistry, openFolderRegistry } from "../../src/registry/open-folder-registry.ts";
import { filesOf } from "../../src/registry/package-statement.ts";
import { markRelease, rotatePublisherKey } from "../../src/registry/publish-release.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { failureOf } from "../support/failure-of.ts";
import { publisherKey, publishTiny, tinyPackage } from "../support/release-fixture.ts";
import { serveRegistry } from "../support/serve-registry.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface Opened {
  readonly registry: Registry;
  readonly close: () => Promise<void>;
}

/** Every driver of the registry's port; each suite below runs on all of them. */
const drivers: Readonly<Record<string, (folder: string) => Promise<Opened>>> = {
  folder: async (folder) => {
    const registry = await openFolderRegistry(folder);
    return { registry, close: () => registry.close() };
  },
  http: async (folder) => {
    const served = await serveRegistry(folder);
    return { registry: createHttpRegistry({ url: served.url }), close: served.close };
  },
  "http behind a path and a token": async (folder) => {
    const served = await serveRegistry(folder, {}, { token: "let-me-in" });
    const registry = createHttpRegistry({
      url: `${served.url}/`,
      token: "let-me-in",
      timeoutMs: 20_000,
    });
    return { registry, close: served.close };
  },
};

const id = (name: string): CryptletId => cryptletIdSchema.parse(name);
const gold = id("gold-price");
const nowhere = `sha256:${"00".repeat(32)}` as Digest;

describe.each(Object.keys(drivers))("a registry, driver %s", (driver) => {
  let registry: Registry;
  let close: () => Promise<void>;
  let verifier: string;

  beforeEach(async () => {
    const folder = path.join(temporaryFolder(), "registry");
    verifier = (await makeFolderRegistry(folder)).key;
    const open = drivers[driver];
    if (!open) throw new Error("no driver");
    ({ registry, close } = await open(folder));
  });
  afterEach(() => close());

  const checkpoint = async () => openCheckpoint(await registry.checkpoint(), verifier);

  it("begins empty", async () => {
    expect((await checkpoint()).size).toBe(0);
    expect(await registry.entries({ from: 0, limit: 1_000 })).toEqual([]);
    expect(await registry.releases(gold)).toEqual([]);
    expect(await registry.release(gold, "1.0.0")).toBeNull();
    expect(await registry.publisher(nowhere)).toBeNull();
    expect(await registry.publisherOfKey(nowhere)).toBeNull();
  });

  it("gives back what was published, and the same again makes no new entry", async () => {
    const published = await publishTiny(registry, tinyPackage());
    expect(published).toMatchObject({ position: 1, repeated: false, newPublisher: true });
    expect(openCheckpoint(published.checkpoint, verifier).size).toBe(2);
    const record = await registry.release(gold, "1.0.0");
    expect(record).toMatchObject({
      name: gold,
      version: "1.0.0",
      release: published.release,
      publisher: publisherKey(1).record.keyid,
      keyid: publisherKey(1).record.keyid,
      deprecated: null,
      revoked: null,
      statement: { name: gold, licence: "MIT" },
    });
    expect(await registry.releases(gold)).toEqual([record]);
    if (!record) throw new Error("not published");
    for (const { file } of filesOf(record.statement)) {
      const bytes = await registry.blob(file.digest);
      expect([bytes.length, digestOf(bytes)]).toEqual([file.size, file.digest]);
    }
    expect(await publishTiny(registry, tinyPackage())).toMatchObject({
      position: 1,
      repeated: true,
    });
    expect((await checkpoint()).size).toBe(2);
  });

  it("proves every entry, and that it only grows", async () => {
    const before = await checkpoint();
    await publishTiny(registry, tinyPackage());
    const middle = await checkpoint();
    for (const version of ["1.1.0", "1.2.0", "1.3.0"])
      await publishTiny(registry, tinyPackage({ version }));
    const now = await checkpoint();
    const { size, root } = now;
    const entries = await registry.entries({ from: 0, limit: 1_000 });
    expect(entries.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4]);
    expect(await registry.entries({ from: 3, limit: 1 })).toEqual(entries.slice(3, 4));
    expect(await registry.entries({ from: 5, limit: 10 })).toEqual([]);
    for (const { position, leaf } of entries) {
      const proof = await registry.inclusionProof({ position, size });
      const claim = { leaf: new TextEncoder().encode(leaf), index: position, size, proof, root };
      expect(() => verifyInclusion(claim)).not.toThrow();
      expect(hashLeaf(leaf)).toHaveLength(32);
    }
    for (const early of [before, middle, now]) {
      const range = { from: early.size, to: size };
      const proof = await registry.consistencyProof(range);
      const claim = { ...range, fromRoot: early.root, toRoot: root, proof };
      expect(() => verifyConsistency(claim)).not.toThrow();
    }
  });

  it("tells what publishers said later, and follows them to another key", async () => {
    await publishTiny(registry, tinyPackage());
    await publishTiny(registry, tinyPackage({ version: "1.1.0" }));
    const first = await registry.release(gold, "1.0.0");
    const second = await registry.release(gold, "1.1.0");
    if (!first || !second) throw new Error("not published");
    const said = { key: publisherKey(1), at: 2_000 };
    await markRelease(registry, first, { ...said, kind: "deprecate", reason: "use 1.1.0" });
    await markRelease(registry, second, { ...said, kind: "revoke", reason: "wrong unit" });
    const releases = await registry.releases(gold);
    expect(
      releases.map(({ version, deprecated, revoked }) => [
        version,
        deprecated?.reason,
        revoked?.reason,
      ]),
    ).toEqual([
      ["1.0.0", "use 1.1.0", undefined],
      ["1.1.0", undefined, "wrong unit"],
    ]);
    await rotatePublisherKey(registry, { old: publisherKey(1), next: publisherKey(3) }, 3_000);
    const owner = await registry.publisher(publisherKey(1).record.keyid);
    expect(owner).toMatchObject({ keyid: publisherKey(3).record.keyid, names: [gold] });
    for (const seed of [1, 3])
      expect(await registry.publisherOfKey(publisherKey(seed).record.keyid)).toEqual(owner);
  });

  it("refuses by the same codes", async () => {
    await publishTiny(registry, tinyPackage());
    const more = { http: { hosts: [{ host: "other.example.com", paths: ["/"] }] } };
    const attempts: readonly [string, () => Promise<unknown>][] = [
      ["NAME_TAKEN", () => publishTiny(registry, tinyPackage({ version: "2.0.0" }), { seed: 2 })],
      ["VERSION_EXISTS", () => publishTiny(registry, tinyPackage({ description: "Other" }))],
      [
        "CAPABILITIES_NOT_APPROVED",
        () => publishTiny(registry, tinyPackage({ version: "1.1.0", capabilities: more })),
      ],
      [
        "NAME_LOOKS_ALIKE",
        () => publishTiny(registry, tinyPackage({ id: "go1d-price" }), { seed: 4 }),
      ],
      ["BLOB_UNKNOWN", () => registry.blob(nowhere)],
      ["BLOB_UNKNOWN", () => registry.blob("../../etc/passwd" as Digest)],
      ["LOG_RANGE_INVALID", () => registry.inclusionProof({ position: 9, size: 2 })],
      ["LOG_RANGE_INVALID", () => registry.consistencyProof({ from: 2, to: 9 })],
    ];
    for (const [code, attempt] of attempts) expect((await failureOf(attempt)).code).toBe(code);
    // What was refused left nothing in the log but publishers that introduced themselves.
    expect(await registry.releases(gold)).toHaveLength(1);
    const unknown = await registry.release(gold, "not a version");
    expect(unknown).toBeNull();
  });

  it("takes submissions side by side, each once", async () => {
    await publishTiny(registry, tinyPackage());
    const names = ["copper-cost", "wind-speed", "rain-fall", "tide-level"];
    await Promise.all(names.map((name) => publishTiny(registry, tinyPackage({ id: name }))));
    const { size } = await checkpoint();
    expect(size).toBe(2 + names.length);
    const owner = await registry.publisher(publisherKey(1).record.keyid);
    expect(owner?.names).toEqual([gold, ...names].toSorted());
  });

  it("ends by the caller's signal", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    for (const ask of [
      () => registry.checkpoint({ signal }),
      () => registry.entries({ from: 0, limit: 1 }, { signal }),
      () => registry.releases(gold, { signal }),
    ])
      await expect(ask()).rejects.toThrow("enough");
  });
});
