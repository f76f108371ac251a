import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generateX25519, hpkeOpen, hpkeSeal, x25519PublicKey } from "./hpke.ts";
import { hpkeSuiteNames } from "./hpke-suite.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const context = { info: bytes("protocol"), aad: bytes("message 1") };
const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error: unknown) => (error as { code: string }).code,
  );
const flip = (source: Uint8Array, at: number): Uint8Array => {
  const copy = Uint8Array.from(source);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

describe.each(hpkeSuiteNames)("HPKE with %s", (suite) => {
  it("gives back what was sealed, of any length, and never twice the same bytes", async () => {
    const secret = generateX25519();
    const publicKey = x25519PublicKey(secret);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (plain) => {
        const one = await hpkeSeal(publicKey, plain, { ...context, suite });
        const two = await hpkeSeal(publicKey, plain, { ...context, suite });
        expect(one.enc).not.toEqual(two.enc);
        expect(one.ciphertext.length).toBe(plain.length + 16);
        expect(await hpkeOpen(secret, one, { ...context, suite })).toEqual(plain);
      }),
      { numRuns: 20 },
    );
  });

  it("refuses every changed byte of key, ciphertext, info and aad, all with one code", async () => {
    const secret = generateX25519();
    const message = await hpkeSeal(x25519PublicKey(secret), bytes("s3cret"), { ...context, suite });
    // The highest bit of an X25519 coordinate is ignored (RFC 7748 section 5), but HPKE's key schedule takes the bytes.
    for (let at = 0; at < message.enc.length; at++) {
      const changed = { ...message, enc: flip(message.enc, at) };
      expect(await codeOf(hpkeOpen(secret, changed, { ...context, suite }))).toBe(
        "HPKE_OPEN_FAILED",
      );
    }
    for (let at = 0; at < message.ciphertext.length; at++) {
      const changed = { ...message, ciphertext: flip(message.ciphertext, at) };
      expect(await codeOf(hpkeOpen(secret, changed, { ...context, suite }))).toBe(
        "HPKE_OPEN_FAILED",
      );
    }
    for (const wrong of [
      { ...context, suite, info: bytes("protocoL") },
      { ...context, suite, aad: bytes("message 2") },
      { ...context, suite, aad: new Uint8Array() },
    ])
      expect(await codeOf(hpkeOpen(secret, message, wrong))).toBe("HPKE_OPEN_FAILED");
    expect(await codeOf(hpkeOpen(generateX25519(), message, { ...context, suite }))).toBe(
      "HPKE_OPEN_FAILED",
    );
  });

  it("refuses the other suite's messages, cut ones and keys that give no secret", async () => {
    const secret = generateX25519();
    const publicKey = x25519PublicKey(secret);
    const message = await hpkeSeal(publicKey, bytes("x"), { ...context, suite });
    const other = hpkeSuiteNames.find((name) => name !== suite) ?? suite;
    const cases = [
      () => hpkeOpen(secret, message, { ...context, suite: other }),
      () => hpkeOpen(secret, { ...message, enc: message.enc.slice(1) }, { ...context, suite }),
      () => hpkeOpen(secret, { ...message, enc: new Uint8Array(32) }, { ...context, suite }),
      () => hpkeOpen(secret, { ...message, ciphertext: new Uint8Array(15) }, { ...context, suite }),
    ];
    for (const each of cases) expect(await codeOf(each())).toBe("HPKE_OPEN_FAILED");
    // All zeros is a point of low order: its shared secret would be known to everybody.
    for (const bad of [new Uint8Array(32), new Uint8Array(31), new Uint8Array()])
      expect(await codeOf(hpkeSeal(bad, bytes("x"), { ...context, suite }))).toBe(
        "PUBLIC_KEY_INVALID",
      );
  });
});

it("takes a view into a larger buffer for what it is", async () => {
  const secret = generateX25519();
  const shared = Buffer.from("padding-the secret-padding");
  const view = shared.subarray(8, 18);
  const message = await hpkeSeal(x25519PublicKey(secret), view, context);
  expect(Buffer.from(await hpkeOpen(secret, message, context)).toString()).toBe("the secret");
});

it("says of a secret key of the wrong length that it is one", async () => {
  const message = { enc: new Uint8Array(32), ciphertext: new Uint8Array(16) };
  expect(await codeOf(hpkeOpen(new Uint8Array(31), message, context))).toBe("SECRET_KEY_INVALID");
});
