import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { cryptletIdSchema, type Digest } from "../../src/core/ids.ts";
import { createCheckpointKey, openCheckpoint } from "../../src/registry/checkpoint.ts";
import { encodeLeaf, readLogEntry } from "../../src/registry/log-entry.ts";
import { createLogTree, hashLeaf } from "../../src/registry/log-tree.ts";
import { syncMirror } from "../../src/registry/mirror/sync-mirror.ts";
import {
  makeFolderRegistry,
  openFolderRegistry,
  type FolderRegistry,
} from "../../src/registry/open-folder-registry.ts";
import type { LogEntry, Registry } from "../../src/registry/registry.ts";
import { failureOf } from "../support/failure-of.ts";
import { folderContents } from "../support/folder-contents.ts";
import { publishTiny, tinyPackage } from "../support/release-fixture.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// A source, or whoever stands between it and the copy, answers whatever it likes. Nothing of a lie may be seen afterwards,
// and a copy that was good stays as it was.

let root: string;
let source: FolderRegistry;
let verifier: string;
let copy: string;

beforeEach(async () => {
  root = temporaryFolder();
  await makeFolderRegistry(path.join(root, "source"));
  source = await openFolderRegistry(path.join(root, "source"));
  verifier = source.identity.key;
  copy = path.join(root, "copy");
  await publishTiny(source, tinyPackage());
  await publishTiny(source, tinyPackage({ version: "1.1.0" }));
  await syncMirror({ source, folder: copy, verifier });
  await publishTiny(source, tinyPackage({ version: "1.2.0", description: "New" }, "new code"));
  await publishTiny(source, tinyPackage({ id: "wind-speed" }), { seed: 2 });
});

const visible = (folder: string) =>
  new Map(
    [...folderContents(folder)].filter(
      // Files that no checkpoint covers are nobody's: the next run takes or replaces them.
      ([name]) => name === "checkpoint" || name === "registry.json",
    ),
  );
const lying = (lies: Partial<Registry>): Registry => ({ ...source, ...lies });
const flip = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte));

/** The copy that was good shows what it showed, and a new one nothing; an honest run then ends well in both. */
const expectRefused = async (lies: Partial<Registry>, codes: readonly string[]): Promise<void> => {
  const before = visible(copy);
  const fresh = path.join(root, "fresh");
  const old = await failureOf(() => syncMirror({ source: lying(lies), folder: copy, verifier }));
  expect(codes).toContain(old.code);
  expect(visible(copy)).toEqual(before);
  const failed = await failureOf(() =>
    syncMirror({ source: lying(lies), folder: fresh, verifier }),
  );
  expect(codes).toContain(failed.code);
  expect(existsSync(path.join(fresh, "registry.json"))).toBe(false);
  expect(existsSync(path.join(fresh, "checkpoint"))).toBe(false);
  for (const folder of [copy, fresh]) {
    await syncMirror({ source, folder, verifier });
    const mirror = await openFolderRegistry(folder);
    expect(await mirror.releases(cryptletIdSchema.parse("gold-price"))).toHaveLength(3);
  }
};

describe("a mirror is not taken in by", () => {
  it("altered bytes of a file", async () => {
    const lie = async (digest: Digest) => flip(await source.blob(digest));
    await expectRefused({ blob: lie }, ["BLOB_WRONG"]);
  });

  it("a file that is cut, or another file of the registry in its place", async () => {
    const entries = await source.entries({ from: 0, limit: 10 });
    const first = entries.map(readLogEntry).find((entry) => entry.kind === "publish");
    if (first?.kind !== "publish") throw new Error("no release");
    const manifest = await source.blob(first.statement.files.manifest.digest);
    await expectRefused({ blob: async (digest) => (await source.blob(digest)).slice(0, 1) }, [
      "BLOB_WRONG",
    ]);
    await expectRefusedAgain({ blob: async () => manifest }, ["BLOB_WRONG"]);
  });

  /** The same on copies of their own, where a test has more than one lie. */
  const expectRefusedAgain = async (
    lies: Partial<Registry>,
    codes: readonly string[],
  ): Promise<void> => {
    const other = path.join(root, `other-${codes.join("-")}`);
    const failed = await failureOf(() =>
      syncMirror({ source: lying(lies), folder: other, verifier }),
    );
    expect(codes).toContain(failed.code);
    expect(existsSync(path.join(other, "checkpoint"))).toBe(false);
  };

  it("altered, swapped, repeated, invented or missing entries", async () => {
    const alter = (change: (entries: LogEntry[]) => readonly LogEntry[]): Partial<Registry> => ({
      entries: async (range) => change([...(await source.entries(range))]),
    });
    const codes = ["MIRROR_ENTRIES_ALTERED"];
    await expectRefused(
      alter((all) => all.map((entry) => ({ ...entry, leaf: entry.leaf.replace("e", "f") }))),
      codes,
    );
    const lies: readonly ((entries: LogEntry[]) => readonly LogEntry[])[] = [
      (all) => all.toReversed(),
      (all) => all.map((entry, at) => ({ ...entry, leaf: all[all.length - 1 - at]?.leaf ?? "" })),
      (all) => all.map((entry) => ({ ...entry, leaf: all[0]?.leaf ?? "" })),
      (all) => all.map((entry) => ({ ...entry, position: entry.position + 1 })),
      () => [],
      (all) => all.slice(1),
      (all) => all.map((entry) => ({ ...entry, leaf: "" })),
    ];
    for (const lie of lies) await expectRefusedAgain(alter(lie), codes);
  });

  it("a checkpoint that somebody else signed, or that was altered", async () => {
    const stranger = createCheckpointKey(source.identity.origin, new Uint8Array(32).fill(9));
    const { size, root: hash } = openCheckpoint(await source.checkpoint(), verifier);
    await expectRefused({ checkpoint: async () => stranger.sign({ size, root: hash }) }, [
      "CHECKPOINT_NOT_SIGNED",
    ]);
    const note = await source.checkpoint();
    for (const lie of [
      note.replace(`\n${size}\n`, `\n${size + 1}\n`),
      note.replace(source.identity.origin, "another.origin"),
      note.slice(0, -10),
      "",
      "x".repeat(20_000),
      `${note}${note}`,
    ])
      await expectRefusedAgain({ checkpoint: async () => lie }, [
        "CHECKPOINT_NOT_SIGNED",
        "CHECKPOINT_INVALID",
      ]);
  });

  it("a log that was cut short: what is newer is hidden", async () => {
    await syncMirror({ source, folder: copy, verifier });
    const before = visible(copy);
    const old = path.join(root, "old");
    await makeFolderRegistry(old);
    // The registry as it stood before, under its own signature: a backup that was put back.
    const key = ownKey();
    const entries = await source.entries({ from: 0, limit: 3 });
    const tree = createLogTree();
    for (const { leaf } of entries) tree.append(hashLeaf(leaf));
    const earlier = key.sign({ size: 3, root: tree.rootAt(3) });
    const behind = await failureOf(() =>
      syncMirror({ source: lying({ checkpoint: async () => earlier }), folder: copy, verifier }),
    );
    expect(behind.code).toBe("MIRROR_SOURCE_BEHIND");
    expect(visible(copy)).toEqual(before);
  });

  /** The registry's own key: its operator is the attacker. */
  const ownKey = () => {
    const text = readFileSync(
      path.join(root, "source", "private", "checkpoint.key"),
      "utf8",
    ).trim();
    return createCheckpointKey(source.identity.origin, new Uint8Array(Buffer.from(text, "hex")));
  };

  it("a log that was forked, under the registry's own signature", async () => {
    const fork = path.join(root, "fork");
    cpSync(path.join(root, "source"), fork, { recursive: true });
    // Another past: only the first two entries are the same.
    const key = ownKey();
    for (const name of readdirSync(path.join(fork, "log", "000000"))
      .toSorted()
      .slice(2))
      rmSync(path.join(fork, "log", "000000", name));
    const shared = await source.entries({ from: 0, limit: 2 });
    const tree = createLogTree();
    for (const { leaf } of shared) tree.append(hashLeaf(leaf));
    writeFileSync(path.join(fork, "checkpoint"), key.sign({ size: 2, root: tree.rootAt(2) }));
    const forked = await openFolderRegistry(fork);
    for (const version of ["7.0.0", "7.1.0", "7.2.0"])
      await publishTiny(forked, tinyPackage({ version }));
    const before = visible(copy);
    const failure = await failureOf(() => syncMirror({ source: forked, folder: copy, verifier }));
    expect(failure.code).toBe("CONSISTENCY_PROOF_WRONG");
    expect(visible(copy)).toEqual(before);
    // Shorter than what is known, and another past.
    const short = createLogTree();
    short.append(hashLeaf("another entry"));
    const note = key.sign({ size: 1, root: short.rootAt(1) });
    const cut = await failureOf(() =>
      syncMirror({ source: lying({ checkpoint: async () => note }), folder: copy, verifier }),
    );
    expect(cut.code).toBe("CONSISTENCY_PROOF_WRONG");
    expect(visible(copy)).toEqual(before);
  });

  it("an entry with a wrong signature, under the registry's own checkpoint", async () => {
    const entries = await source.entries({ from: 0, limit: 100 });
    const last = entries.at(-1);
    if (!last) throw new Error("an empty log");
    const { envelope, recordedAt } = readLogEntry(last);
    const [signature] = envelope.signatures;
    if (!signature) throw new Error("unsigned");
    const wrong = Buffer.from(flip(new Uint8Array(Buffer.from(signature.sig, "base64"))));
    const forged = {
      ...envelope,
      signatures: [{ ...signature, sig: wrong.toString("base64") }],
    };
    const leaf = encodeLeaf(forged, recordedAt);
    const all = entries.map((entry) => (entry === last ? { ...entry, leaf } : entry));
    const tree = createLogTree();
    for (const entry of all) tree.append(hashLeaf(entry.leaf));
    const note = ownKey().sign({ size: all.length, root: tree.rootAt(all.length) });
    const lies: Partial<Registry> = {
      checkpoint: async () => note,
      entries: async ({ from, limit }) => all.slice(from, from + limit),
      consistencyProof: async ({ from, to }) => tree.consistencyProof(from, to),
    };
    const before = visible(copy);
    const failure = await failureOf(() =>
      syncMirror({ source: lying(lies), folder: copy, verifier }),
    );
    expect(failure.code).toBe("SIGNATURE_WRONG");
    expect(visible(copy)).toEqual(before);
  });

  it("proofs that prove nothing, also between two pages", async () => {
    const before = visible(copy);
    for (const proof of [[], [new Uint8Array(32)], [new Uint8Array(3)]]) {
      const lies = { consistencyProof: async () => proof };
      const failure = await failureOf(() =>
        syncMirror({ source: lying(lies), folder: copy, verifier }),
      );
      expect(failure.code).toBe("CONSISTENCY_PROOF_WRONG");
      expect(visible(copy)).toEqual(before);
      const short: Partial<Registry> = {
        ...lies,
        entries: async ({ from }) => await source.entries({ from, limit: 2 }),
      };
      await expectRefusedAgain(short, ["MIRROR_ENTRIES_ALTERED"]);
    }
  });
});
