import {
  cpSync,
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { failureOf } from "../../test/support/failure-of.ts";
import {
  publisherKey,
  publishTiny,
  releaseInput,
  tinyPackage,
} from "../../test/support/release-fixture.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { createManualClock } from "../core/manual-clock.ts";
import { cryptletIdSchema, type Digest } from "../core/ids.ts";
import { verifyInclusion } from "../envelope/merkle-tree.ts";
import { openCheckpoint } from "./checkpoint.ts";
import { verifyConsistency } from "./log-tree.ts";
import {
  makeFolderRegistry,
  openFolderRegistry,
  type FolderRegistry,
} from "./open-folder-registry.ts";
import { markRelease, publishRelease, rotatePublisherKey } from "./publish-release.ts";
import type { ReleaseRecord } from "./registry.ts";

const gold = cryptletIdSchema.parse("gold-price");
let folder: string;
let registry: FolderRegistry;

beforeEach(async () => {
  folder = path.join(temporaryFolder(), "registry");
  await makeFolderRegistry(folder);
  registry = await openFolderRegistry(folder);
});

const failing = (given: Promise<unknown>) => failureOf(() => given);
const open = () => openFolderRegistry(folder);
const sizeOf = async (of: FolderRegistry) =>
  openCheckpoint(await of.checkpoint(), of.identity.key).size;
const releaseOf = async (version: string): Promise<ReleaseRecord> => {
  const found = await registry.release(gold, version);
  if (!found) throw new Error(`no ${version}`);
  return found;
};

describe("a registry in a folder", () => {
  it("begins empty, with a key that only its owner reads", async () => {
    expect(await sizeOf(registry)).toBe(0);
    expect(await registry.entries({ from: 0, limit: 10 })).toEqual([]);
    expect(await registry.releases(gold)).toEqual([]);
    expect(statSync(path.join(folder, "private", "checkpoint.key")).mode & 0o777).toBe(0o600);
    expect(statSync(path.join(folder, "private")).mode & 0o777).toBe(0o700);
  });

  it("keeps a release with its files, and says the same when it is opened again", async () => {
    const published = await publishTiny(registry, tinyPackage());
    expect(published).toMatchObject({
      position: 1,
      repeated: false,
      newPublisher: true,
      added: [],
    });
    const other = await open();
    const found = await other.release(gold, "1.0.0");
    expect(found).toEqual(await registry.release(gold, "1.0.0"));
    expect(found).toMatchObject({
      name: "gold-price",
      version: "1.0.0",
      release: published.release,
      publisher: publisherKey(1).record.keyid,
      publisherName: "Publisher B",
      deprecated: null,
      revoked: null,
    });
    for (const file of Object.values(found?.statement.files ?? {}))
      if (file) expect(await other.blob(file.digest)).toHaveLength(file.size);
    expect(await other.publisher(publisherKey(1).record.keyid)).toMatchObject({
      names: ["gold-price"],
    });
    expect(await other.release(gold, "2.0.0")).toBeNull();
  });

  it("takes the same package again as success, without an entry", async () => {
    const first = await publishTiny(registry, tinyPackage());
    const again = await publishTiny(registry, tinyPackage(), { at: 2_000 });
    expect(again).toMatchObject({
      position: first.position,
      release: first.release,
      repeated: true,
      newPublisher: false,
    });
    expect(await sizeOf(registry)).toBe(2);
  });

  it("never changes a version, and never gives a name to somebody else", async () => {
    await publishTiny(registry, tinyPackage());
    const changed = tinyPackage({}, "globalThis.__cryptlet = () => 1;");
    expect(await failing(publishTiny(registry, changed))).toMatchObject({
      code: "VERSION_EXISTS",
    });
    const theirs = tinyPackage({ version: "1.0.1" });
    expect(await failing(publishTiny(registry, theirs, { seed: 2 }))).toMatchObject({
      code: "NAME_TAKEN",
    });
    expect(await sizeOf(registry)).toBe(2);
  });

  it("wants an approval where a version asks for more, and shows what is new", async () => {
    await publishTiny(registry, tinyPackage());
    const more = tinyPackage({
      version: "1.1.0",
      capabilities: {
        http: {
          hosts: [
            { host: "api.example.com", paths: ["/v1/gold"] },
            { host: "tracker.example.com", paths: ["/"] },
          ],
        },
        random: true,
      },
    });
    const refused = await failing(publishTiny(registry, more));
    expect(refused).toMatchObject({
      code: "CAPABILITIES_NOT_APPROVED",
      arguments: { capabilities: "http tracker.example.com:443/\nrandom" },
    });
    const published = await publishTiny(registry, more, { approveCapabilities: true });
    expect(published.added).toEqual(["http tracker.example.com:443/", "random"]);
    expect(published.position).toBe(3);
    // What the newest release has needs no second approval.
    const next = tinyPackage({ ...more.manifest, version: "1.1.1" });
    expect(await publishTiny(registry, next)).toMatchObject({ added: [], position: 4 });
  });

  it("lets the publisher deprecate and revoke, and revoke for ever", async () => {
    await publishTiny(registry, tinyPackage());
    const said = { key: publisherKey(1), at: 3_000 };
    const release = await releaseOf("1.0.0");
    await markRelease(registry, release, { kind: "deprecate", reason: "slow", ...said });
    expect(await releaseOf("1.0.0")).toMatchObject({
      deprecated: { reason: "slow" },
      revoked: null,
    });
    const stranger = { key: publisherKey(9), at: 3_000 };
    expect(
      await failing(markRelease(registry, release, { kind: "revoke", reason: "x", ...stranger })),
    ).toMatchObject({ code: "PUBLISHER_UNKNOWN" });
    // Its text is that of the deprecation, letter for letter; its type is another.
    await markRelease(registry, release, { kind: "revoke", reason: "slow", ...said });
    expect(await releaseOf("1.0.0")).toMatchObject({ revoked: { reason: "slow" } });
    const again = markRelease(registry, release, { kind: "revoke", reason: "still", ...said });
    expect(await failing(again)).toMatchObject({ code: "RELEASE_REVOKED" });
    expect(await failing(publishTiny(registry, tinyPackage()))).toMatchObject({
      code: "RELEASE_REVOKED",
    });
  });

  it("goes on with a publisher's new key, and not with the old one", async () => {
    await publishTiny(registry, tinyPackage());
    const keys = { old: publisherKey(1), next: publisherKey(5) };
    await rotatePublisherKey(registry, keys, 4_000);
    const next = tinyPackage({ version: "1.0.1" });
    expect(await failing(publishTiny(registry, next))).toMatchObject({ code: "NAME_TAKEN" });
    const published = await publishTiny(registry, next, { seed: 5 });
    expect(published.newPublisher).toBe(false);
    expect((await releaseOf("1.0.1")).publisher).toBe(publisherKey(1).record.keyid);
    expect((await releaseOf("1.0.1")).keyid).toBe(publisherKey(5).record.keyid);
    expect(await failing(rotatePublisherKey(registry, keys, 5_000))).toMatchObject({
      code: "PUBLISHER_KNOWN",
    });
  });

  it("proves each entry, and that each log continues the one before", async () => {
    const versions = ["1.0.0", "1.0.1", "1.1.0", "2.0.0"];
    const seen = [await registry.checkpoint()];
    for (const version of versions) {
      await publishTiny(registry, tinyPackage({ version }));
      seen.push(await registry.checkpoint());
    }
    const { key } = registry.identity;
    const newest = openCheckpoint(seen.at(-1) ?? "", key);
    const entries = await registry.entries({ from: 0, limit: 100 });
    expect(entries.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4]);
    for (const { position, leaf } of entries) {
      const proof = await registry.inclusionProof({ position, size: newest.size });
      const claim = { index: position, size: newest.size, proof, root: newest.root };
      expect(() => verifyInclusion({ ...claim, leaf: Buffer.from(leaf) })).not.toThrow();
    }
    for (const note of seen) {
      const { size: from, root: fromRoot } = openCheckpoint(note, key);
      const proof = await registry.consistencyProof({ from, to: newest.size });
      const claim = { from, fromRoot, to: newest.size, toRoot: newest.root, proof };
      expect(() => verifyConsistency(claim)).not.toThrow();
    }
    expect((await registry.entries({ from: 3, limit: 1 })).length).toBe(1);
    expect(await registry.entries({ from: 99, limit: 1 })).toEqual([]);
    expect(await failing(registry.entries({ from: -1, limit: 1 }))).toMatchObject({
      code: "LOG_RANGE_INVALID",
    });
  });

  it("is written by several at once, one after the other", async () => {
    const [second, third] = await Promise.all([open(), open()]);
    const names = [
      "gold-alpha",
      "silver-beta",
      "copper-gamma",
      "zinc-delta",
      "tin-epsilon",
      "lead-zeta",
    ];
    await publishTiny(registry, tinyPackage());
    await Promise.all(
      names.map((id, at) =>
        publishTiny([registry, second, third][at % 3] ?? registry, tinyPackage({ id })),
      ),
    );
    expect(await sizeOf(await open())).toBe(2 + names.length);
    for (const each of [registry, second, third]) expect(await sizeOf(each)).toBe(2 + names.length);
  });

  it("is read from a copy without its private folder, and not written there", async () => {
    await publishTiny(registry, tinyPackage());
    const copy = path.join(temporaryFolder(), "copy");
    cpSync(folder, copy, { recursive: true });
    rmSync(path.join(copy, "private"), { recursive: true });
    const offline = await openFolderRegistry(copy);
    expect(offline.writable).toBe(false);
    expect(await offline.release(gold, "1.0.0")).toEqual(await registry.release(gold, "1.0.0"));
    const more = publishTiny(offline, tinyPackage({ version: "1.0.1" }));
    expect(await failing(more)).toMatchObject({ code: "REGISTRY_READ_ONLY" });
  });

  it("finishes what a writer that died had stored before its checkpoint", async () => {
    await publishTiny(registry, tinyPackage());
    const before = readFileSync(path.join(folder, "checkpoint"));
    await publishTiny(registry, tinyPackage({ version: "1.0.1" }));
    writeFileSync(path.join(folder, "checkpoint"), before);
    const later = await open();
    expect(await sizeOf(later)).toBe(2);
    const again = await publishTiny(later, tinyPackage({ version: "1.0.1" }));
    expect(again).toMatchObject({ position: 2, repeated: true });
    expect(await sizeOf(later)).toBe(3);
    // Whoever saw the longer log does not follow the shorter one.
    writeFileSync(path.join(folder, "checkpoint"), before);
    expect(await failing(registry.checkpoint())).toMatchObject({
      code: "CONSISTENCY_PROOF_WRONG",
    });
  });

  it("says when a folder is no registry, and makes none over what is there", async () => {
    const empty = temporaryFolder();
    expect(await failing(openFolderRegistry(empty))).toMatchObject({ code: "REGISTRY_UNKNOWN" });
    expect(await failing(makeFolderRegistry(folder))).toMatchObject({
      code: "REGISTRY_UNWRITABLE",
    });
    expect(readdirSync(path.dirname(folder))).toEqual(["registry"]);
    expect(await failing(registry.blob(`sha256:${"0".repeat(64)}` as Digest))).toMatchObject({
      code: "BLOB_UNKNOWN",
    });
    expect(await failing(registry.blob("../../etc/passwd" as Digest))).toMatchObject({
      code: "BLOB_UNKNOWN",
    });
  });

  it("measures before it takes a release, where it is told to", async () => {
    const rules = { measure: () => Promise.resolve(`sha256:${"1".repeat(64)}` as Digest) };
    const strict = await openFolderRegistry(folder, { rules });
    expect(await failing(publishTiny(strict, tinyPackage()))).toMatchObject({
      code: "RELEASE_CONTRADICTS",
    });
    expect(existsSync(path.join(folder, "blobs"))).toBe(false);
    // The publisher is known, its release is not.
    expect(await sizeOf(strict)).toBe(1);
  });

  it("writes its own time beside the publisher's", async () => {
    const clock = createManualClock(77_000);
    const timed = await openFolderRegistry(folder, { clock });
    await publishRelease(timed, releaseInput(tinyPackage(), 5), {
      key: publisherKey(1),
      displayName: "Acme",
      approveCapabilities: false,
    });
    const { recordedAt, statement } = await releaseOf("1.0.0");
    expect([recordedAt, statement.issuedAt]).toEqual([77_000, 5]);
  });

  it("stops waiting when it is told to", async () => {
    const signal = AbortSignal.abort(new Error("stop"));
    await expect(registry.checkpoint({ signal })).rejects.toThrow("stop");
    expect(await sizeOf(registry)).toBe(0);
  });
});
