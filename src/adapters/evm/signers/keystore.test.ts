import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANVIL_SECRETS } from "../../../../test/support/test-chain.ts";
import { addressSchema } from "../../../core/ids.ts";
import { createTransactionSigner } from "../transaction-signer.ts";
import { accountOf, openKeystore, sealKeystore } from "./keystore.ts";

const [SECRET] = ANVIL_SECRETS;
const local = createTransactionSigner(SECRET);
const file = "host-key.json";
/** Cheap, because a test opens many. */
const CHEAP = { n: 2 };

const openWith = async (text: string, password = "right", expected = null as null | string) =>
  await openKeystore({
    text,
    password,
    file,
    expected: expected === null ? null : addressSchema.parse(expected),
  });
const failing = async (...given: Parameters<typeof openWith>) =>
  await openWith(...given).catch((error: unknown) => error);

/** The first test vector of the format's own description (Ethereum wiki, "Web3 Secret Storage Definition"). */
const PBKDF2_VECTOR = {
  crypto: {
    cipher: "aes-128-ctr",
    cipherparams: { iv: "6087dab2f9fdbbfaddc31a909735c1e6" },
    ciphertext: "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
    kdf: "pbkdf2",
    kdfparams: {
      c: 262_144,
      dklen: 32,
      prf: "hmac-sha256",
      salt: "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
    },
    mac: "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
  },
  id: "3198bc9c-6672-5ab3-d995-4942343ae5b6",
  version: 3,
};
const VECTOR_SECRET = "0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

describe("a key file", () => {
  it("gives the signer back that went in", async () => {
    const { text, address } = await sealKeystore(SECRET, "right", CHEAP);
    expect(address).toBe(local.address);
    const signer = await openWith(text, "right", local.address);
    const message = new Uint8Array([1, 2, 3]);
    expect(await signer.sign(message)).toEqual(await local.sign(message));
    expect(text).not.toContain(SECRET.slice(2));
  });

  it("opens with any password that it was sealed with, and with no other", async () => {
    const words = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" });
    await fc.assert(
      fc.asyncProperty(words, words, async (password, other) => {
        const { text } = await sealKeystore(SECRET, password, CHEAP);
        expect((await openWith(text, password)).address).toBe(local.address);
        // The format takes passwords in Unicode's form NFKC.
        if (other.normalize("NFKC") !== password.normalize("NFKC"))
          expect(await failing(text, other)).toMatchObject({ code: "KEYSTORE_PASSWORD_WRONG" });
      }),
      { numRuns: 20 },
    );
  });

  it("may come from another tool: the format's own vector", async () => {
    const signer = await openWith(JSON.stringify(PBKDF2_VECTOR), "testpassword");
    expect(signer.address).toBe(accountOf(VECTOR_SECRET));
  });

  it("of another account than was meant is refused", async () => {
    const { text } = await sealKeystore(SECRET, "right", CHEAP);
    expect(await failing(text, "right", `0x${"12".repeat(20)}`)).toMatchObject({
      code: "KEYSTORE_ADDRESS_WRONG",
      arguments: { actual: local.address },
    });
  });
});

describe("a broken key file", () => {
  const change = (text: string, edit: (file: { crypto: Record<string, unknown> }) => void) => {
    const parsed = JSON.parse(text) as { crypto: Record<string, unknown> };
    edit(parsed);
    return JSON.stringify(parsed);
  };

  it.each([
    ["nothing", ""],
    ["no JSON", "{]"],
    ["an array", "[]"],
    ["another version", '{"version":4}'],
    ["too large", " ".repeat(20_000)],
    ["an EIP-2335 file", '{"version":4,"crypto":{"kdf":{"function":"scrypt"}}}'],
  ])("is unreadable: %s", async (_, text) => {
    expect(await failing(text)).toMatchObject({ code: "KEYSTORE_UNREADABLE" });
  });

  it("costs nobody memory or hours: what it asks for is bounded before it is done", async () => {
    const { text } = await sealKeystore(SECRET, "right", CHEAP);
    const params = { n: 2, r: 8, p: 1, dklen: 32, salt: "00" };
    for (const kdfparams of [
      { ...params, n: 2 ** 30 },
      { ...params, n: 2 ** 22, r: 8 },
      { ...params, n: 3 },
      { ...params, p: 1_000_000 },
      { ...params, dklen: 64 },
    ])
      expect(
        await failing(change(text, (parsed) => Object.assign(parsed.crypto, { kdfparams }))),
      ).toMatchObject({ code: "KEYSTORE_UNREADABLE" });
    const endless = structuredClone(PBKDF2_VECTOR);
    endless.crypto.kdfparams.c = 2 ** 40;
    expect(await failing(JSON.stringify(endless))).toMatchObject({ code: "KEYSTORE_UNREADABLE" });
    // ethers takes the first of two names that differ in case.
    const twice = `{"CRYPTO":{"kdf":"scrypt","kdfparams":{"n":1073741824}},${text.slice(1)}`;
    expect((await openWith(twice)).address).toBe(local.address);
  });

  it("that was altered is not taken for a key", async () => {
    const { text } = await sealKeystore(SECRET, "right", CHEAP);
    const flipped = change(text, ({ crypto }) => {
      const old = String(crypto["ciphertext"]);
      crypto["ciphertext"] = `${old.startsWith("0") ? "1" : "0"}${old.slice(1)}`;
    });
    expect(await failing(flipped)).toMatchObject({ code: "KEYSTORE_PASSWORD_WRONG" });
    const renamed = text.replace(/"address": "[^"]+"/, `"address": "${"12".repeat(20)}"`);
    expect(await failing(renamed)).toMatchObject({ code: "KEYSTORE_UNREADABLE" });
  });

  it("shows nothing of key or password in its errors", async () => {
    const { text } = await sealKeystore(SECRET, "a-password", CHEAP);
    const failures = [
      await failing(text, "another-password"),
      await failing(
        text.replace(/"address": "[^"]+"/, `"address": "${"12".repeat(20)}"`),
        "a-password",
      ),
    ];
    for (const failure of failures) {
      const { message, cause } = failure as Error;
      expect(`${message}${String(cause)}`).not.toMatch(/password[^ ]|ac0974be/);
    }
  });
});

it("knows a private key from what is none", () => {
  expect(accountOf(SECRET)).toBe(local.address);
  for (const wrong of ["", "0x12", `0x${"00".repeat(32)}`, `0x${"ff".repeat(32)}`, "x".repeat(64)])
    expect(accountOf(wrong)).toBeNull();
});
