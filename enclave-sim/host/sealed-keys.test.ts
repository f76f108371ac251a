import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestSchema } from "../../src/core/ids.ts";
import { createVerifyingKey } from "../../src/crypto/key-record.ts";
import { openKeyset, openPlatformKey } from "./sealed-keys.ts";

const ONE = digestSchema.parse(`sha256:${"01".repeat(32)}`);
const TWO = digestSchema.parse(`sha256:${"02".repeat(32)}`);
let directory: string;
beforeEach(async () => {
  directory = path.join(await mkdtemp(path.join(tmpdir(), "sealed-")), "not", "there", "yet");
});
afterEach(() => rm(path.resolve(directory, "../../.."), { recursive: true, force: true }));

const keyids = async (measurement = ONE, debug = false, where = directory) => {
  const { ed25519, secp256k1 } = await openKeyset(where, measurement, debug);
  return [ed25519.record.keyid, secp256k1.record.keyid];
};

test("a measurement has the same keys at every start, and they sign", async () => {
  const { ed25519, secp256k1 } = await openKeyset(directory, ONE, false);
  expect(await keyids()).toEqual([ed25519.record.keyid, secp256k1.record.keyid]);
  const message = Buffer.from("message");
  for (const key of [ed25519, secp256k1])
    expect(createVerifyingKey(key.record).verify(key.sign(message), message)).toBe(true);
  expect(secp256k1.record.address).toMatch(/^0x[0-9a-f]{40}$/);
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
    await keyids(ONE, true),
    await keyids(ONE, false, elsewhere),
  ];
  expect(new Set(sets.flat()).size).toBe(8);
  const platforms = [
    await openPlatformKey(directory, false),
    await openPlatformKey(directory, true),
    await openPlatformKey(elsewhere, false),
  ];
  expect(new Set(platforms.map(({ record }) => record.keyid)).size).toBe(3);
});

test("every file is the owner's, and none holds a key in the clear", async () => {
  await keyids();
  await openPlatformKey(directory, false);
  const names = await readdir(directory);
  expect(names.toSorted()).toEqual([
    `${"01".repeat(32)}.sealed`,
    "platform-key.sealed",
    "platform-secret",
  ]);
  for (const name of names)
    expect((await stat(path.join(directory, name))).mode & 0o777).toBe(0o600);
});

test("a lost or short platform secret opens nothing, and says so", async () => {
  await keyids();
  const secret = path.join(directory, "platform-secret");
  await writeFile(secret, "short");
  await expect(keyids()).rejects.toMatchObject({ code: "SEAL_REFUSED" });
  await rm(secret);
  await expect(keyids()).rejects.toMatchObject({ code: "SEAL_REFUSED" });
});

test("a blob in another one's place is refused", async () => {
  await keyids();
  await keyids(TWO);
  const fileOf = (name: string) => path.join(directory, `${name}.sealed`);
  await writeFile(fileOf("02".repeat(32)), await readFile(fileOf("01".repeat(32))));
  await expect(keyids(TWO)).rejects.toMatchObject({ code: "SEAL_REFUSED" });
});
