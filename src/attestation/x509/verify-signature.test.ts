import { constants, generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../test/support/code-of.ts";
import { der, explicit, integer, oid, sequence } from "../../../test/support/der-writer.ts";
import { createDerReader } from "./der-reader.ts";
import { p256PublicKey, type PublicKey, readPublicKey } from "./public-key.ts";
import { parseSignatureAlgorithm, type SignatureAlgorithm } from "./signature-algorithm.ts";
import { fastSignatures, portableSignatures, verifySignature } from "./verify-signature.ts";

const message = new TextEncoder().encode("what was signed");
const hashes = ["sha256", "sha384", "sha512"] as const;

interface Sample {
  readonly name: string;
  readonly key: PublicKey;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
}

const keyOf = (spki: Buffer) => readPublicKey(createDerReader(spki, "it"));
const ec = { p256: "P-256", p384: "P-384" } as const;

const samples: readonly Sample[] = [
  ...(["p256", "p384"] as const).flatMap((curve) => {
    const pair = generateKeyPairSync("ec", { namedCurve: ec[curve] });
    const key = keyOf(pair.publicKey.export({ format: "der", type: "spki" }));
    return hashes.map((hash): Sample => ({
      name: `${curve} ${hash}`,
      key,
      algorithm: { scheme: "ecdsa", hash },
      signature: sign(hash, message, pair.privateKey),
    }));
  }),
  ...[2_048, 3_072].flatMap((modulusLength) => {
    const pair = generateKeyPairSync("rsa", { modulusLength });
    const key = keyOf(pair.publicKey.export({ format: "der", type: "spki" }));
    return hashes.flatMap((hash): Sample[] => [
      {
        name: `rsa-pkcs1 ${modulusLength} ${hash}`,
        key,
        algorithm: { scheme: "rsa-pkcs1", hash },
        signature: sign(hash, message, pair.privateKey),
      },
      {
        name: `rsa-pss ${modulusLength} ${hash}`,
        key,
        algorithm: { scheme: "rsa-pss", hash },
        signature: sign(hash, message, {
          key: pair.privateKey,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
        }),
      },
    ]);
  }),
];
const drivers = [fastSignatures, portableSignatures];

describe.each(samples)("$name", ({ key, algorithm, signature }) => {
  const holds = (text: Uint8Array, candidate: Uint8Array) =>
    drivers.map((driver) => verifySignature(key, algorithm, text, candidate, driver));

  it("holds with either driver, for these bytes only", () => {
    expect(holds(message, signature)).toEqual([true, true]);
    expect(holds(message.subarray(1), signature)).toEqual([false, false]);
    expect(holds(message, signature.subarray(1))).toEqual([false, false]);
    expect(holds(message, Buffer.concat([signature, Buffer.of(0)]))).toEqual([false, false]);
    expect(holds(message, new Uint8Array(signature.length))).toEqual([false, false]);
    expect(holds(message, new Uint8Array(signature.length).fill(0xff))).toEqual([false, false]);
  });

  it("holds with no flipped bit, and both drivers agree", () => {
    fc.assert(
      fc.property(fc.nat({ max: 8 * signature.length - 1 }), (bit) => {
        const changed = Uint8Array.from(signature);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(holds(message, changed)).toEqual([false, false]);
      }),
      { numRuns: 20 },
    );
  });

  it("belongs to one algorithm", () => {
    for (const scheme of ["ecdsa", "rsa-pkcs1", "rsa-pss"] as const)
      for (const hash of hashes) {
        const same = scheme === algorithm.scheme && hash === algorithm.hash;
        const right = verifySignature(key, { scheme, hash }, message, signature);
        expect([scheme, hash, right]).toEqual([scheme, hash, same]);
      }
  });
});

describe("an ECDSA signature", () => {
  it("is read in one form", () => {
    const [sample] = samples;
    const { key, algorithm, signature } = sample ?? {};
    if (!key || !algorithm || !signature) throw new Error("no sample");
    const forms = [
      Buffer.concat([Buffer.of(0x30, 0x81, signature.length - 2), signature.subarray(2)]),
      sequence(signature),
      sequence(integer(1)),
      sequence(integer(1), integer(1), integer(1)),
      sequence(Buffer.from("0201ff", "hex"), integer(1)),
      sequence(integer(new Uint8Array(40).fill(1)), integer(1)),
    ];
    for (const form of forms) expect(verifySignature(key, algorithm, message, form)).toBe(false);
  });

  it("of a key that is no point is none, with either driver", () => {
    const key = p256PublicKey(new Uint8Array(64).fill(1));
    const signature = sequence(integer(1), integer(1));
    for (const driver of drivers)
      expect(
        verifySignature(key, { scheme: "ecdsa", hash: "sha256" }, message, signature, driver),
      ).toBe(false);
    expect(codeOf(() => p256PublicKey(new Uint8Array(63)))).toBe("PUBLIC_KEY_INVALID");
  });
});

describe("the identifier of an algorithm", () => {
  const sha = (id: string) => sequence(oid(`2.16.840.1.101.3.4.2.${id}`), der(5));
  const mgf = (hash: Buffer) => sequence(oid("1.2.840.113549.1.1.8"), hash);
  const pss = (...parts: readonly Buffer[]) =>
    sequence(oid("1.2.840.113549.1.1.10"), sequence(...parts));
  const parse = (bytes: Uint8Array) => codeOf(() => parseSignatureAlgorithm(bytes));
  const whole = [explicit(0, sha("2")), explicit(1, mgf(sha("2"))), explicit(2, integer(48))];

  it("has one meaning for PSS: one hash and a salt of its length", () => {
    expect(parseSignatureAlgorithm(pss(...whole))).toEqual({ scheme: "rsa-pss", hash: "sha384" });
    expect(parse(pss(...whole, explicit(3, integer(1))))).toBe("none");
  });

  it.each<[string, Buffer]>([
    ["defaults", pss()],
    ["another mask hash", pss(...whole.with(1, explicit(1, mgf(sha("1")))))],
    ["another mask", pss(...whole.with(1, explicit(1, sha("2"))))],
    ["a short salt", pss(...whole.with(2, explicit(2, integer(20))))],
    ["another trailer", pss(...whole, explicit(3, integer(2)))],
    ["more behind it", pss(...whole, explicit(4, integer(1)))],
    ["a hash that is not there", pss(...whole.with(0, explicit(0, sha("9"))))],
    ["ECDSA with parameters", sequence(oid("1.2.840.10045.4.3.2"), der(5))],
    ["PKCS1 without", sequence(oid("1.2.840.113549.1.1.11"))],
    ["MD5", sequence(oid("1.2.840.113549.1.1.4"), der(5))],
  ])("is refused with %s", (_, bytes) => {
    expect(parse(bytes)).toBe("DER_INVALID");
  });
});
