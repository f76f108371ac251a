import { chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { cryptletIdSchema, type Digest } from "../../src/core/ids.ts";
import { encodeBase64 } from "../../src/crypto/base64.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import type { SigningKey } from "../../src/crypto/key-record.ts";
import type { DsseEnvelope } from "../../src/envelope/dsse.ts";
import { signEnvelope } from "../../src/envelope/dsse-sign.ts";
import { createCheckpointKey } from "../../src/registry/checkpoint.ts";
import { encodeLeaf } from "../../src/registry/log-entry.ts";
import { createLogTree, hashLeaf } from "../../src/registry/log-tree.ts";
import { openLogFollower } from "../../src/registry/log-follower.ts";
import {
  makeFolderRegistry,
  openFolderRegistry,
  type FolderRegistry,
} from "../../src/registry/open-folder-registry.ts";
import { PACKAGE_TYPE, type PackageStatement } from "../../src/registry/package-statement.ts";
import { createRegistryState } from "../../src/registry/registry-state.ts";
import type { LogEntry, Registry } from "../../src/registry/registry.ts";
import { rotatePublisherKey } from "../../src/registry/publish-release.ts";
import { signStatement } from "../../src/registry/sign-statement.ts";
import { codeOf } from "../support/code-of.ts";
import { failureOf } from "../support/failure-of.ts";
import { publisherKey, publishTiny, tinyPackage, tinyRelease } from "../support/release-fixture.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// Who sends to a registry wants a name that is another's; who answers for one wants a past that never was.

const gold = cryptletIdSchema.parse("gold-price");
const owner = publisherKey(1);
const thief = publisherKey(2);
let folder: string;
let registry: FolderRegistry;
beforeEach(async () => {
  folder = path.join(temporaryFolder(), "registry");
  await makeFolderRegistry(folder);
  registry = await openFolderRegistry(folder);
  await publishTiny(registry, tinyPackage());
});

const none: ReadonlyMap<Digest, Uint8Array> = new Map();
const submit = (envelope: DsseEnvelope, blobs = none) =>
  failureOf(() => registry.submit({ envelope, blobs }));
const sizeNow = async () => (await registry.entries({ from: 0, limit: 1_000 })).length;
const newest = async (): Promise<Digest> => {
  const releases = await registry.releases(gold);
  return releases.at(-1)?.release ?? digestOf(new Uint8Array());
};
const next = async (change: Partial<PackageStatement> = {}, version = "1.0.1") => {
  const { statement, blobs } = tinyRelease(tinyPackage({ version }), await newest());
  return { statement: { ...statement, ...change }, blobs };
};
const introduce = (key: SigningKey, displayName: string) =>
  signStatement(
    "publisher",
    { publisher: key.record.keyid, displayName, key: key.record, replaces: null, issuedAt: 1 },
    [key],
  );

describe("who sends to a registry", () => {
  it("publishes under no key that is not the name's", async () => {
    await registry.submit({ envelope: introduce(thief, "Thief"), blobs: none });
    const { statement, blobs } = await next();
    const good = signStatement("publish", statement, [owner]);
    const stolen = signStatement("publish", statement, [thief]);
    const [ownSignature] = good.signatures;
    const [theirs] = stolen.signatures;
    if (!ownSignature || !theirs) throw new Error("unsigned");
    const cases: [DsseEnvelope, string][] = [
      [stolen, "NAME_TAKEN"],
      [{ ...good, signatures: [{ ...theirs, keyid: ownSignature.keyid }] }, "SIGNATURE_WRONG"],
      [{ ...good, signatures: [theirs, ownSignature] }, "PUBLISHER_UNKNOWN"],
      [{ ...good, signatures: [ownSignature, ownSignature] }, "PUBLISHER_UNKNOWN"],
      [{ ...good, signatures: [] }, "LOG_ENTRY_INVALID"],
      [{ ...good, signatures: [{ ...ownSignature, keyid: "" }] }, "PUBLISHER_UNKNOWN"],
      [signStatement("publish", statement, [publisherKey(7)]), "PUBLISHER_UNKNOWN"],
      [{ ...good, payloadType: "application/json" }, "PAYLOAD_TYPE_UNEXPECTED"],
      [{ ...good, payloadType: "application/vnd.cryptlet.revocation.v1+json" }, "SIGNATURE_WRONG"],
      [{ ...good, payload: encodeBase64(new TextEncoder().encode("{}")) }, "SIGNATURE_WRONG"],
    ];
    const before = await sizeNow();
    for (const [envelope, code] of cases)
      expect(await submit(envelope, blobs)).toMatchObject({ code });
    expect(await sizeNow()).toBe(before);
    expect(await submit(good, blobs)).toMatchObject({ code: "none" });
  });

  it("gets no statement in whose text could be read in two ways", async () => {
    const { statement, blobs } = await next();
    const text = JSON.stringify(statement);
    for (const bent of [
      text,
      text.replace("{", '{"name":"other",'),
      `${text} `,
      text.replace("}", ',"extra":1}'),
      "[]",
      '{"name":"gold-price"}',
      "\ufeff{}",
    ]) {
      const payload = new TextEncoder().encode(bent);
      const envelope = signEnvelope(PACKAGE_TYPE, payload, [owner]);
      expect(await submit(envelope, blobs)).toMatchObject({ code: "STATEMENT_INVALID" });
    }
    const huge = new Uint8Array(300_000).fill(32);
    expect((await submit(signEnvelope(PACKAGE_TYPE, huge, [owner]), blobs)).code).toMatch(
      /^(?:STATEMENT|LOG_ENTRY)_INVALID$/,
    );
  });

  it("publishes no package that is another than its statement says", async () => {
    const good = await next();
    const other = tinyRelease(tinyPackage({ version: "1.0.1", description: "Something else" }));
    const digest = digestOf(new TextEncoder().encode("{}"));
    const { files } = good.statement;
    const cases: [Partial<PackageStatement>, string][] = [
      [{ description: "Free money" }, "RELEASE_CONTRADICTS"],
      [{ capabilities: [] }, "RELEASE_CONTRADICTS"],
      [{ lane: "wasm" }, "RELEASE_CONTRADICTS"],
      [{ licence: null }, "RELEASE_CONTRADICTS"],
      [
        { feeds: other.statement.feeds.map((feed) => ({ ...feed, id: "eur" })) },
        "RELEASE_CONTRADICTS",
      ],
      [{ files: { ...files, manifest: other.statement.files.manifest } }, "BLOB_MISSING"],
      [{ files: { ...files, code: { ...files.code, size: 1 } } }, "BLOB_WRONG"],
      [{ files: { ...files, code: { ...files.code, name: "run-me.sh" } } }, "RELEASE_CONTRADICTS"],
      [
        { files: { ...files, sigstruct: { name: "sigstruct.bin", digest, size: 2 } } },
        "RELEASE_CONTRADICTS",
      ],
      [{ signer: { mrsigner: "a".repeat(64), prodId: 1, svn: 9 } }, "RELEASE_CONTRADICTS"],
      [{ provenance: other.statement.provenance }, "RELEASE_CONTRADICTS"],
      [{ previous: null }, "PREDECESSOR_WRONG"],
      [{ previous: digest }, "PREDECESSOR_WRONG"],
      [{ capabilities: ["time", "random"] }, "STATEMENT_INVALID"],
      [{ version: "1.0.1+build" }, "STATEMENT_INVALID"],
      [{ version: "01.0.0" }, "STATEMENT_INVALID"],
      [{ issuedAt: -1 }, "STATEMENT_INVALID"],
      [{ files: { ...files, code: { ...files.code, name: "../code" } } }, "STATEMENT_INVALID"],
    ];
    const before = await sizeNow();
    for (const [change, code] of cases) {
      const envelope = signStatement("publish", { ...good.statement, ...change }, [owner]);
      expect([change, await submit(envelope, good.blobs)]).toMatchObject([change, { code }]);
    }
    const wrong = new Map([...good.blobs].map(([key]) => [key, new TextEncoder().encode("other")]));
    const envelope = signStatement("publish", good.statement, [owner]);
    expect(await submit(envelope, wrong)).toMatchObject({ code: "BLOB_WRONG" });
    expect(await submit(envelope, none)).toMatchObject({ code: "BLOB_MISSING" });
    expect(await sizeNow()).toBe(before);
  });

  it("takes over no publisher: neither by a new key alone nor with an old one", async () => {
    const claim = {
      publisher: owner.record.keyid,
      displayName: "Owner",
      key: thief.record,
      replaces: owner.record.keyid,
      issuedAt: 1,
    };
    const cases: [DsseEnvelope, string][] = [
      [signStatement("publisher", claim, [thief]), "STATEMENT_INVALID"],
      [signStatement("publisher", claim, [thief, thief]), "THRESHOLD_NOT_MET"],
      [signStatement("publisher", claim, [owner]), "STATEMENT_INVALID"],
      [signStatement("publisher", { ...claim, replaces: null }, [thief]), "STATEMENT_INVALID"],
      [
        signStatement("publisher", { ...claim, publisher: thief.record.keyid }, [thief, owner]),
        "PUBLISHER_UNKNOWN",
      ],
      [introduce(owner, "Again"), "PUBLISHER_KNOWN"],
    ];
    for (const [envelope, code] of cases) expect(await submit(envelope)).toMatchObject({ code });
    await rotatePublisherKey(registry, { old: owner, next: publisherKey(3) }, 5);
    const { statement, blobs } = await next();
    expect(await submit(signStatement("publish", statement, [owner]), blobs)).toMatchObject({
      code: "SIGNER_NOT_TRUSTED",
    });
    expect(await submit(signStatement("publisher", claim, [thief, owner]))).toMatchObject({
      code: "SIGNER_NOT_TRUSTED",
    });
  });

  it("revokes and approves nothing of another's", async () => {
    await registry.submit({ envelope: introduce(thief, "Thief"), blobs: none });
    const mark = {
      name: gold,
      version: "1.0.0",
      release: await newest(),
      reason: "x",
      issuedAt: 1,
    };
    for (const kind of ["revoke", "deprecate"] as const)
      expect(await submit(signStatement(kind, mark, [thief]))).toMatchObject({
        code: "NAME_TAKEN",
      });
    const approval = { name: gold, version: "1.0.1", capabilities: ["random"], issuedAt: 1 };
    expect(await submit(signStatement("approve", approval, [thief]))).toMatchObject({
      code: "NAME_TAKEN",
    });
    const wrong = { ...mark, release: digestOf(new Uint8Array([1])) };
    expect(await submit(signStatement("revoke", wrong, [owner]))).toMatchObject({
      code: "RELEASE_UNKNOWN",
    });
    const steering = { ...mark, reason: "fine\u202e" };
    expect(await submit(signStatement("revoke", steering, [owner]))).toMatchObject({
      code: "DISPLAY_TEXT_REFUSED",
    });
  });

  it("spends an approval on the version that it names, and on what it names", async () => {
    const greedy = tinyPackage({ version: "2.0.0", capabilities: { time: true, random: true } });
    const { statement, blobs } = tinyRelease(greedy, await newest());
    const envelope = signStatement("publish", statement, [owner]);
    const approve = (version: string, capabilities: string[]) =>
      registry.submit({
        envelope: signStatement("approve", { name: gold, version, capabilities, issuedAt: 1 }, [
          owner,
        ]),
        blobs: none,
      });
    await approve("1.9.9", ["random", "time"]);
    await approve("2.0.0", ["random"]);
    expect(await submit(envelope, blobs)).toMatchObject({
      code: "CAPABILITIES_NOT_APPROVED",
      arguments: { capabilities: "time" },
    });
    await approve("2.0.0", ["time"]);
    expect(await submit(envelope, blobs)).toMatchObject({ code: "none" });
  });
});

describe("who answers for a registry", () => {
  /** A registry that lies in one answer. */
  const lying = (change: Partial<Registry>): Registry => ({ ...registry, ...change });
  const follower = () =>
    openLogFollower({
      file: path.join(temporaryFolder(), "followed.json"),
      key: registry.identity.key,
      names: [gold],
    });
  const all = () => registry.entries({ from: 0, limit: 1_000 });

  it("leaves out, doubles, orders and alters no entry unnoticed", async () => {
    await publishTiny(registry, tinyPackage({ version: "1.0.1" }));
    const [first, second, third] = await all();
    if (!first || !second || !third) throw new Error("three entries");
    const answers: (readonly LogEntry[])[] = [
      [],
      [first],
      [first, third],
      [first, second, second],
      [second, first, third],
      [{ ...second, position: 0 }, first, third],
      [first, { ...second, leaf: second.leaf.replace("recordedAt", "recordedat") }, third],
      [first, { ...second, leaf: `${second.leaf} ` }, third],
      [first, second, { ...third, leaf: third.leaf.replace(/"recordedAt":\d+/, '"recordedAt":7') }],
      [first, second, third, third],
    ];
    for (const answer of answers) {
      const one = await follower();
      const entries = ({ from }: { readonly from: number }) => Promise.resolve(answer.slice(from));
      expect((await failureOf(() => one.sync(lying({ entries })))).code).toMatch(
        /^(?:REGISTRY_DAMAGED|LOG_ENTRY_INVALID)$/,
      );
      expect(one.known).toBeNull();
    }
  });

  it("shows no second past to whoever saw the first", async () => {
    const one = await follower();
    await one.sync(registry);
    const forger = createCheckpointKey(registry.identity.origin, new Uint8Array(32).fill(9));
    const tree = createLogTree();
    for (const { leaf } of await all()) tree.append(hashLeaf(leaf));
    const forged = forger.sign({ size: tree.size, root: tree.rootAt(tree.size) });
    const checkpoint = () => Promise.resolve(forged);
    expect(await failureOf(() => one.sync(lying({ checkpoint })))).toMatchObject({
      code: "CHECKPOINT_NOT_SIGNED",
    });
    // An older checkpoint with its true signature is behind, and moves nothing.
    const old = await registry.checkpoint();
    await publishTiny(registry, tinyPackage({ version: "1.0.1" }));
    await one.sync(registry);
    expect(await one.sync(lying({ checkpoint: () => Promise.resolve(old) }))).toBe(false);
    expect(one.known?.frontier.size).toBe(3);
  });

  it("makes nobody believe an entry that its publisher did not sign, though the checkpoint covers it", async () => {
    // The registry's own key signs a log with a forged revocation.
    const secret = new Uint8Array(32).fill(5);
    const key = createCheckpointKey("evil.example", secret);
    const entries = [...(await all())];
    const statement = {
      name: gold,
      version: "1.0.0",
      release: await newest(),
      reason: "x",
      issuedAt: 1,
    };
    const honest = signStatement("revoke", statement, [thief]);
    const [signature] = honest.signatures;
    const named = {
      ...honest,
      signatures: [{ sig: signature?.sig ?? "", keyid: owner.record.keyid }],
    };
    entries.push({ position: entries.length, leaf: encodeLeaf(named, 1) });
    const tree = createLogTree();
    for (const { leaf } of entries) tree.append(hashLeaf(leaf));
    const evil = lying({
      checkpoint: () =>
        Promise.resolve(key.sign({ size: tree.size, root: tree.rootAt(tree.size) })),
      entries: ({ from }) => Promise.resolve(entries.slice(from)),
    });
    const file = path.join(temporaryFolder(), "followed.json");
    const one = await openLogFollower({ file, key: key.verifier, names: [gold] });
    expect(await failureOf(() => one.sync(evil))).toMatchObject({ code: "SIGNATURE_WRONG" });
  });

  it("hands out no altered file, and follows no name out of its folder", async () => {
    const release = await registry.release(gold, "1.0.0");
    const digest = release?.statement.files.code.digest ?? digestOf(new Uint8Array());
    const hex = digest.slice("sha256:".length);
    const file = path.join(folder, "blobs", hex.slice(0, 2), hex);
    writeFileSync(file, "altered");
    expect(await failureOf(() => registry.blob(digest))).toMatchObject({ code: "BLOB_WRONG" });
    rmSync(file);
    expect(await failureOf(() => registry.blob(digest))).toMatchObject({ code: "BLOB_UNKNOWN" });
    mkdirSync(file);
    expect(await failureOf(() => registry.blob(digest))).toMatchObject({
      code: "REGISTRY_DAMAGED",
    });
    for (const bad of ["sha256:../../x", `sha256:${"A".repeat(64)}`, "", `${digest}/..`])
      expect(await failureOf(() => registry.blob(bad as Digest))).toMatchObject({
        code: "BLOB_UNKNOWN",
      });
  });

  it("opens no folder that was altered", async () => {
    const entry = path.join(folder, "log", "000000", "000000001.json");
    const failing = async () =>
      await failureOf(async () => (await openFolderRegistry(folder)).checkpoint());
    truncateSync(entry, 100);
    expect(await failing()).toMatchObject({ code: "REGISTRY_DAMAGED" });
    truncateSync(entry, 2_000_000);
    expect(await failing()).toMatchObject({ code: "REGISTRY_DAMAGED" });
    rmSync(entry);
    expect(await failing()).toMatchObject({ code: "REGISTRY_DAMAGED" });
    symlinkSync("/dev/zero", entry);
    expect(await failing()).toMatchObject({ code: "REGISTRY_DAMAGED" });
    for (const text of ["", "{}", '{"format":"cryptlet-registry/2"}', "x".repeat(5_000)]) {
      writeFileSync(path.join(folder, "registry.json"), text);
      expect(await failing()).toMatchObject({ code: "REGISTRY_DAMAGED" });
    }
  });

  it("reads a followed log back as it was kept, and not as somebody else left it", async () => {
    const file = path.join(temporaryFolder(), "followed.json");
    const open = () => openLogFollower({ file, key: registry.identity.key, names: [gold] });
    await (await open()).sync(registry);
    expect((await open()).known?.state.release(gold, "1.0.0")?.revoked).toBeNull();
    const elsewhere = () => openLogFollower({ file, key: "a+b", names: [gold] });
    expect(await failureOf(elsewhere)).toMatchObject({ code: "REGISTRY_DAMAGED" });
    for (const text of ["", "{}", "[]", "null"]) {
      writeFileSync(file, text);
      expect(await failureOf(open)).toMatchObject({ code: "REGISTRY_DAMAGED" });
    }
  });
});

describe("a registry that cannot write", () => {
  it("publishes nothing, says so, and goes on when it can", async () => {
    const sizeBefore = await sizeNow();
    // A file where a folder must be is refused to root, too, as a full disk is.
    rmSync(path.join(folder, "private", "drafts"), { recursive: true, force: true });
    const blobs = path.join(folder, "blobs");
    rmSync(blobs, { recursive: true });
    writeFileSync(blobs, "");
    const more = () => publishTiny(registry, tinyPackage({ version: "1.0.1" }));
    expect(await failureOf(more)).toMatchObject({ code: "REGISTRY_UNWRITABLE" });
    expect(await sizeNow()).toBe(sizeBefore);
    rmSync(blobs);
    expect(await failureOf(more)).toMatchObject({ code: "none" });
    expect(await sizeNow()).toBe(sizeBefore + 1);
    chmodSync(folder, 0o755);
  });
});

describe("the fold of a log", () => {
  it("takes entries in their order alone, and none that is no entry", async () => {
    const entries = await registry.entries({ from: 0, limit: 10 });
    const [first, second] = entries;
    if (!first || !second) throw new Error("two entries");
    const state = createRegistryState();
    const bad: LogEntry[] = [
      second,
      { ...first, position: 1 },
      { position: 0, leaf: "" },
      { position: 0, leaf: "{}" },
      { position: 0, leaf: "null" },
      { position: 0, leaf: `{"a":`.repeat(100) },
      { position: 0, leaf: "x".repeat(500_000) },
    ];
    for (const entry of bad) expect(codeOf(() => state.apply(entry))).toBe("LOG_ENTRY_INVALID");
    // The order of the log is what makes a publisher known before it publishes.
    expect(codeOf(() => state.apply({ ...second, position: 0 }))).toBe("PUBLISHER_UNKNOWN");
    expect(state.size).toBe(0);
    state.apply(first);
    expect(codeOf(() => state.apply({ ...first, position: 1 }))).toBe("STATEMENT_REPEATED");
    state.apply(second);
    expect(state.release(gold, "1.0.0")?.publisher).toBe(owner.record.keyid);
  });
});
