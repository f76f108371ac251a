import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { codeOf } from "../../test/support/code-of.ts";
import { failureOf } from "../../test/support/failure-of.ts";
import { createSigningKey } from "../crypto/key-record.ts";
import {
  generatePublisherSecret,
  openPublisherKey,
  readPublisherKeyRecord,
  sealPublisherKey,
} from "./publisher-key-file.ts";

const PASSWORD = "correct horse battery";
const cost = { n: 16_384, r: 1, p: 1 };
const secret = new Uint8Array(32).fill(3);
const { record } = createSigningKey("ed25519", secret);

let sealed: string;
beforeAll(async () => {
  sealed = await sealPublisherKey(secret, PASSWORD, { cost });
});
const open = (text: string, password = PASSWORD) =>
  failureOf(() => openPublisherKey(text, password, "key.json"));
/** The file with one of its members changed. */
const bent = (change: (file: Record<string, Record<string, unknown>>) => void): string => {
  const file = JSON.parse(sealed) as Record<string, Record<string, unknown>>;
  change(file);
  return JSON.stringify(file);
};

describe("a publisher's key file", () => {
  it("opens with its password and signs as the key that went in", async () => {
    const key = await openPublisherKey(sealed, PASSWORD, "key.json");
    expect(key.record).toEqual(record);
    const message = new TextEncoder().encode("hello");
    expect(key.sign(message)).toEqual(createSigningKey("ed25519", secret).sign(message));
  });

  it("says whose it is without a password, and never the secret", () => {
    expect(readPublisherKeyRecord(sealed, "key.json")).toEqual(record);
    expect(sealed).not.toContain(Buffer.from(secret).toString("base64"));
    expect(sealed).not.toContain(Buffer.from(secret).toString("hex"));
  });

  it("is another file each time", async () => {
    expect(await sealPublisherKey(secret, PASSWORD, { cost })).not.toBe(sealed);
    expect(generatePublisherSecret()).not.toEqual(generatePublisherSecret());
  });

  it("takes one password, however its letters were composed", async () => {
    const file = await sealPublisherKey(secret, "gr\u00fcn und blau", { cost });
    expect(await open(file, "gru\u0308n und blau")).toMatchObject({ code: "none" });
    expect(await open(file, "grun und blau")).toMatchObject({ code: "PUBLISHER_KEY_REFUSED" });
    expect(await open(sealed, "")).toMatchObject({ code: "PUBLISHER_KEY_REFUSED" });
  });

  it("opens as nobody else's: each part is authenticated", async () => {
    const other = createSigningKey("ed25519", new Uint8Array(32).fill(4)).record;
    const twist = (text: unknown) =>
      String(text).startsWith("A") ? `B${String(text).slice(1)}` : `A${String(text).slice(1)}`;
    for (const file of [
      bent((all) => (all["key"] = { ...other })),
      bent((all) => (all["sealed"] = { ...all["sealed"], nonce: twist(all["sealed"]?.["nonce"]) })),
      bent(
        (all) =>
          (all["sealed"] = { ...all["sealed"], ciphertext: twist(all["sealed"]?.["ciphertext"]) }),
      ),
      bent((all) => (all["scrypt"] = { ...all["scrypt"], p: 2 })),
      bent((all) => (all["scrypt"] = { ...all["scrypt"], salt: twist(all["scrypt"]?.["salt"]) })),
    ])
      expect(await open(file)).toMatchObject({ code: "PUBLISHER_KEY_REFUSED" });
  });

  it("asks its reader for no more memory and time than a key needs", () => {
    for (const scrypt of [
      { n: 2 ** 30 },
      { n: 1_048_576, r: 32 },
      { n: 1_000_000 },
      { n: 1 },
      { p: 99 },
      { r: 0 },
    ])
      expect(
        codeOf(() =>
          readPublisherKeyRecord(
            bent((all) => (all["scrypt"] = { ...all["scrypt"], ...scrypt })),
            "key.json",
          ),
        ),
      ).toBe("PUBLISHER_KEY_UNREADABLE");
  });

  it("is nothing else that somebody may give", () => {
    const web3 = JSON.stringify({ version: 3, crypto: {} });
    for (const text of ["", "{}", "[]", web3, "x".repeat(9_000), `${sealed}${sealed}`])
      expect(codeOf(() => readPublisherKeyRecord(text, "key.json"))).toBe(
        "PUBLISHER_KEY_UNREADABLE",
      );
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect(codeOf(() => readPublisherKeyRecord(text, "key.json"))).toBe(
          "PUBLISHER_KEY_UNREADABLE",
        );
      }),
    );
  });
});
