import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestSchema } from "../../src/core/ids.ts";
import { hexToBytes } from "../../src/crypto/bytes.ts";
import { hpkeOpen, hpkeSeal } from "../../src/crypto/hpke/hpke.ts";
import { createVerifyingKey } from "../../src/crypto/key-record.ts";
import type { SealIdentity } from "./seal.ts";
import { openKeysets, openPlatformSeed, recordsOf } from "./sealed-keys.ts";

const ONE: SealIdentity = {
  mrenclave: digestSchema.parse(`sha256:${"01".repeat(32)}`),
  mrsigner: "0".repeat(64),
  prodId: 0,
  svn: 1,
  cpuSvn: new Uint8Array(16),
  debug: false,
};
const TWO: SealIdentity = {
  ...ONE,
  mrenclave: digestSchema.parse(`sha256:${"02".repeat(32)}`),
};
const NOW = 1_780_315_200_000;
const refused = { code: "SEAL_REFUSED" };
let directory: string;
beforeEach(async () => {
  directory = path.join(await mkdtemp(path.join(tmpdir(), "sealed-")), "not", "there", "yet");
});
afterEach(() => rm(path.resolve(directory, "../../.."), { recursive: true, force: true }));

const keyids = async (identity = ONE, where = directory) =>
  recordsOf((await openKeysets(where, identity)).current(NOW)).map(({ keyid }) => keyid);
const fileOf = (name: string) => path.join(directory, name);
const FIRST = `${"01".repeat(32)}.0.sealed`;

test("a measurement has the same keys at every start, and they sign", async () => {
  const { ed25519, secp256k1 } = (await openKeysets(directory, ONE)).current(NOW);
  expect(await keyids()).toEqual([ed25519.record.keyid, secp256k1.record.keyid]);
  const message = Buffer.from("message");
  for (const key of [ed25519, secp256k1])
    expect(createVerifyingKey(key.record).verify(key.sign(message), message)).toBe(true);
  expect(secp256k1.record.address).toMatch(/^0x[0-9a-f]{40}$/);
});

test("what is encrypted to the encryption key opens with its secret half", async () => {
  const { encryption } = (await openKeysets(directory, ONE)).current(NOW);
  const context = { info: Buffer.from("info"), aad: Buffer.from("aad") };
  const plain = Uint8Array.from([1, 2, 3]);
  const sealed = await hpkeSeal(hexToBytes(encryption.publicKey, 32), plain, context);
  expect(await hpkeOpen(encryption.secretKey, sealed, context)).toEqual(plain);
});

test("two that start at once agree", async () => {
  const [first, ...others] = await Promise.all(Array.from({ length: 6 }, async () => keyids()));
  for (const other of others) expect(other).toEqual(first);
});

test("measurement, debug state and platform each have keys of their own", async () => {
  const elsewhere = path.join(directory, "another-platform");
  const sets = [
    await keyids(),
    await keyids(TWO),
    await keyids({ ...ONE, debug: true }),
    await keyids(ONE, elsewhere),
  ];
  expect(new Set(sets.flat()).size).toBe(8);
});

test("the platform's seed is made once and is each folder's own", async () => {
  const first = await openPlatformSeed(directory, NOW);
  expect(first.createdAt).toBe(NOW);
  expect(await openPlatformSeed(directory, NOW + 1)).toEqual(first);
  const elsewhere = await openPlatformSeed(path.join(directory, "another"), NOW);
  expect(elsewhere.seed).not.toEqual(first.seed);
});

test("every file is the owner's, and none holds a key in the clear", async () => {
  await keyids();
  const { seed } = await openPlatformSeed(directory, NOW);
  const names = await readdir(directory);
  expect(names.toSorted()).toEqual([FIRST, "platform-secret", "platform.sealed"]);
  for (const name of names) {
    expect((await stat(fileOf(name))).mode & 0o077).toBe(0);
    const text = (await readFile(fileOf(name))).toString("latin1");
    for (const form of ["base64", "hex"] as const)
      expect(text).not.toContain(Buffer.from(seed).toString(form));
  }
});

describe("rotation", () => {
  test("the old keys sign until the new ones take over", async () => {
    const book = await openKeysets(directory, ONE);
    const old = book.current(NOW);
    const next = await book.add(NOW + 1_000);
    expect(next.epoch).toBe(1);
    expect(book.newest()).toBe(next);
    expect(book.current(NOW + 999)).toBe(old);
    expect(book.current(NOW + 1_000)).toBe(next);
    const ids = [old, next].flatMap((set) => recordsOf(set).map(({ keyid }) => keyid));
    expect(new Set(ids).size).toBe(4);
    expect(next.encryption.publicKey).not.toBe(old.encryption.publicKey);
  });

  test("is found again at the next start, and belongs to one measurement", async () => {
    const book = await openKeysets(directory, ONE);
    const next = await book.add(NOW + 1_000);
    const again = await openKeysets(directory, ONE);
    expect(recordsOf(again.current(NOW + 1_000))).toEqual(recordsOf(next));
    expect((await openKeysets(directory, TWO)).newest().epoch).toBe(0);
  });

  test("two that rotate at once agree on the next keys", async () => {
    const books = await Promise.all([openKeysets(directory, ONE), openKeysets(directory, ONE)]);
    const [a, b] = await Promise.all(books.map((book) => book.add(NOW)));
    expect(a && recordsOf(a)).toEqual(b && recordsOf(b));
  });

  test("a keyset under the number of another does not open", async () => {
    const book = await openKeysets(directory, ONE);
    await book.add(NOW);
    await writeFile(fileOf(FIRST.replace(".0.", ".1.")), await readFile(fileOf(FIRST)));
    await expect(openKeysets(directory, ONE)).rejects.toMatchObject(refused);
  });
});

test("a newer security version opens the keys of an older one, and not the other way round", async () => {
  const old = await keyids();
  expect(await keyids({ ...ONE, svn: 2 })).toEqual(old);
  await keyids({ ...TWO, svn: 2 });
  await expect(openKeysets(directory, TWO)).rejects.toMatchObject(refused);
});

test("a file that was changed, moved from another measurement or cut off ends the start", async () => {
  await keyids();
  await keyids(TWO);
  const good = await readFile(fileOf(FIRST), "utf8");
  const other = await readFile(fileOf(`${"02".repeat(32)}.0.sealed`), "utf8");
  for (const wrong of [
    other,
    good.slice(0, -9),
    "",
    "{}",
    good.replace(/"tag":"../, '"tag":"AA'),
  ]) {
    await writeFile(fileOf(FIRST), wrong);
    await expect(openKeysets(directory, ONE)).rejects.toMatchObject(refused);
  }
  await writeFile(fileOf(FIRST), good);
  await writeFile(fileOf("platform-secret"), "short");
  await expect(openKeysets(directory, ONE)).rejects.toMatchObject(refused);
});
