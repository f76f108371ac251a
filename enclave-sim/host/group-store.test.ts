import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { failureOf } from "../../test/support/failure-of.ts";
import { makeGroup } from "../../test/support/group-fixture.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { digestSchema } from "../../src/core/ids.ts";
import { openGroupStore, type StoredShare } from "./group-store.ts";
import { replaceFile } from "./replace-file.ts";
import type { SealIdentity } from "./seal.ts";

const digest = (byte: string) => digestSchema.parse(`sha256:${byte.repeat(32)}`);
const ONE: SealIdentity = {
  mrenclave: digest("01"),
  mrsigner: "0".repeat(64),
  prodId: 0,
  svn: 1,
  cpuSvn: new Uint8Array(16),
  debug: false,
};
const share = (change: Partial<StoredShare> = {}): StoredShare => ({
  group: "gold/xau-usd",
  epoch: 0,
  ceremony: digest("aa"),
  index: 1,
  keyid: digest("bb"),
  share: "12".repeat(32),
  statement: "{}",
  record: null,
  ...change,
});
const groupFiles = async (folder: string) =>
  (await readdir(folder)).filter((name) => name.includes(".group-")).toSorted();

test("a share is there again after a start, also when it was replaced, and gone when it was dropped", async () => {
  const folder = temporaryFolder();
  const store = await openGroupStore(folder, ONE);
  await store.put(share());
  const { record } = await makeGroup(2, 2);
  await store.put(share({ record }));
  await store.put(share({ epoch: 1 }));
  await store.put(share({ group: "another" }));
  const again = await openGroupStore(folder, ONE);
  expect(again.all()).toHaveLength(3);
  expect(again.find("gold/xau-usd", 0)).toEqual(share({ record }));
  await again.drop({ group: "gold/xau-usd", epoch: 0 });
  await again.drop({ group: "gold/xau-usd", epoch: 0 });
  expect((await openGroupStore(folder, ONE)).find("gold/xau-usd", 0)).toBeUndefined();
  expect(await groupFiles(folder)).toHaveLength(2);
});

test("the file shows no share, and belongs to its owner", async () => {
  const folder = temporaryFolder();
  await (await openGroupStore(folder, ONE)).put(share());
  const [name] = await groupFiles(folder);
  const text = await readFile(path.join(folder, name ?? ""), "utf8");
  expect(text).not.toContain("12".repeat(32));
  expect(text).toContain("group-share");
});

test("another measurement and another debug state have shares of their own", async () => {
  const folder = temporaryFolder();
  await (await openGroupStore(folder, ONE)).put(share());
  for (const identity of [
    { ...ONE, mrenclave: digest("02") },
    { ...ONE, debug: true },
  ])
    expect((await openGroupStore(folder, identity)).all()).toEqual([]);
});

test("a changed file, an older version's reader, and one under another's name are refused", async () => {
  const folder = temporaryFolder();
  const store = await openGroupStore(folder, { ...ONE, svn: 2 });
  await store.put(share());
  expect(await failureOf(() => openGroupStore(folder, ONE))).toMatchObject({
    code: "SEAL_REFUSED",
  });
  const [name = ""] = await groupFiles(folder);
  const file = path.join(folder, name);
  const text = await readFile(file, "utf8");
  const newer = { ...ONE, svn: 2 };
  // Epoch 0 in the place of epoch 5.
  await rename(file, file.replace(".0.sealed", ".5.sealed"));
  expect(await failureOf(() => openGroupStore(folder, newer))).toMatchObject({
    code: "SEAL_REFUSED",
  });
  await rename(file.replace(".0.sealed", ".5.sealed"), file);
  expect((await openGroupStore(folder, newer)).all()).toHaveLength(1);
  await writeFile(file, text.replace(/"counter":0/, '"counter":1'));
  expect(await failureOf(() => openGroupStore(folder, newer))).toMatchObject({
    code: "SEAL_REFUSED",
  });
  await writeFile(file, "nonsense");
  expect(await failureOf(() => openGroupStore(folder, newer))).toMatchObject({
    code: "SEAL_REFUSED",
  });
});

test("a file is the old one or the new one, and leaves no draft", async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "one");
  await replaceFile(file, "first");
  await Promise.all(["a", "b", "c"].map((text) => replaceFile(file, text.repeat(10_000))));
  expect(await readFile(file, "utf8")).toMatch(/^(a{10000}|b{10000}|c{10000})$/);
  expect(await readdir(folder)).toEqual(["one"]);
});
