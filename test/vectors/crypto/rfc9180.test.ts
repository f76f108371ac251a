import { describe, expect, it } from "vitest";
import { bytesToHex, hexToBytes } from "../../../src/crypto/bytes.ts";
import { hpkeOpen, x25519PublicKey } from "../../../src/crypto/hpke/hpke.ts";
import { hpkeSuite, type HpkeSuiteName } from "../../../src/crypto/hpke/hpke-suite.ts";

// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, base mode. ChaCha20Poly1305: RFC 9180 appendix A.2.1. AES-256-GCM: the file
// test-vectors.json that the RFC's authors published with it (the appendix prints X25519 with AES-128-GCM only).

const INFO = "4f6465206f6e2061204772656369616e2055726e";
const PLAIN = "4265617574792069732074727574682c20747275746820626561757479";

interface Vector {
  readonly suite: HpkeSuiteName;
  readonly aead: number;
  readonly skEm: string;
  readonly enc: string;
  readonly skRm: string;
  readonly pkRm: string;
  /** Sequence number, aad, ciphertext. */
  readonly encryptions: readonly (readonly [number, string, string])[];
}

const vectors: readonly Vector[] = [
  {
    suite: "x25519-sha256-chacha20poly1305",
    aead: 3,
    skEm: "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600",
    enc: "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
    skRm: "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
    pkRm: "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
    encryptions: [
      [
        0,
        "436f756e742d30",
        "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
      ],
      [
        1,
        "436f756e742d31",
        "6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c",
      ],
      [
        2,
        "436f756e742d32",
        "71146bd6795ccc9c49ce25dda112a48f202ad220559502cef1f34271e0cb4b02b4f10ecac6f48c32f878fae86b",
      ],
    ],
  },
  {
    suite: "x25519-sha256-aes256gcm",
    aead: 2,
    skEm: "179d4b53b6365c45b600c4163b61d95cbc2f4d9e36f1695558dce265ab8bab11",
    enc: "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256",
    skRm: "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d",
    pkRm: "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c",
    encryptions: [
      [
        0,
        "436f756e742d30",
        "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a",
      ],
      [
        1,
        "436f756e742d31",
        "2c43aff25343fdbff864506f0818b9d87df84ea01b1a2144d23b4d40c26bf655fdf197fe40297a8aebeed5cc2d",
      ],
    ],
  },
];
const bytes = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.from(hexToBytes(hex));

describe.each(vectors)("RFC 9180, $suite", (vector) => {
  const { suite, encryptions } = vector;
  const library = hpkeSuite(suite);
  const [[, aad, ciphertext] = [0, "", ""]] = encryptions;

  it("has the registered ids and derives the published public key", () => {
    expect([library.kem.id, library.kdf.id, library.aead.id]).toEqual([0x20, 1, vector.aead]);
    expect(bytesToHex(x25519PublicKey(bytes(vector.skRm)))).toBe(vector.pkRm);
    expect(bytesToHex(x25519PublicKey(bytes(vector.skEm)))).toBe(vector.enc);
  });

  it("opens the published message through our own function", async () => {
    const message = { enc: bytes(vector.enc), ciphertext: bytes(ciphertext) };
    const context = { suite, info: bytes(INFO), aad: bytes(aad) };
    expect(bytesToHex(await hpkeOpen(bytes(vector.skRm), message, context))).toBe(PLAIN);
  });

  it("seals the published messages from the published ephemeral key", async () => {
    const sender = await library.createSenderContext({
      recipientPublicKey: await library.kem.deserializePublicKey(bytes(vector.pkRm)),
      info: bytes(INFO),
      ekm: {
        privateKey: await library.kem.importKey("raw", bytes(vector.skEm).buffer, false),
        publicKey: await library.kem.deserializePublicKey(bytes(vector.enc)),
      },
    });
    expect(bytesToHex(new Uint8Array(sender.enc))).toBe(vector.enc);
    for (const [, each, expected] of encryptions) {
      const sealed = await sender.seal(bytes(PLAIN), bytes(each));
      expect(bytesToHex(new Uint8Array(sealed))).toBe(expected);
    }
  });
});
