import { describe, expect, test } from "vitest";
import { bytesToHex, hexToBytes } from "../../../src/crypto/bytes.ts";
import { suites } from "../../../src/crypto/suites.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** RFC 6979 appendix A.2.5, SHA-256. */
const P256_SECRET = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
const P256_PUBLIC =
  "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" +
  "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
const P256 = [
  {
    message: "sample",
    r: "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
    s: "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
  },
  {
    message: "test",
    r: "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
    s: "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
  },
] as const;

describe.each(P256)("RFC 6979 A.2.5, P-256, SHA-256, message $message", ({ message, r, s }) => {
  const suite = suites["p256-sha256"];
  // The RFC does not know low-s; ours is the one of s and n - s that is at most half the order.
  const number = BigInt(`0x${s}`);
  const low = number > P256_ORDER / 2n ? P256_ORDER - number : number;
  const expected = r + low.toString(16).padStart(64, "0");

  test("the reference writes it, in its low-s form", () => {
    const signer = suite.signer(hexToBytes(P256_SECRET), suite.reference);
    expect(bytesToHex(signer.publicKey)).toBe(P256_PUBLIC);
    expect(bytesToHex(signer.sign(encode(message)))).toBe(expected);
  });

  test("both drivers accept the low-s form only", () => {
    for (const driver of [suite.reference, suite.fast]) {
      const verifier = suite.verifier(hexToBytes(P256_PUBLIC), driver);
      expect(verifier.verify(hexToBytes(expected), encode(message))).toBe(true);
      expect(verifier.verify(hexToBytes(r + s), encode(message))).toBe(low === number);
    }
  });
});

/** secp256k1 has no official RFC 6979 vectors: these are the ones that Bitcoin's implementations share (Trezor, Haskoin). */
const SECP256K1 = [
  {
    message: "Satoshi Nakamoto",
    signature:
      "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8" +
      "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
  },
  {
    message:
      "All those moments will be lost in time, like tears in rain. Time to die...",
    signature:
      "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b" +
      "547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21",
  },
] as const;

describe.each(SECP256K1)("secp256k1, SHA-256, key 1, $message", ({ message, signature }) => {
  const suite = suites["secp256k1-sha256"];
  test.each([suite.reference, suite.fast])("$name", (driver) => {
    const signer = suite.signer(hexToBytes("1".padStart(64, "0")), driver);
    expect(bytesToHex(signer.sign(encode(message)))).toBe(signature);
  });
});

describe("the signed example of EIP-712", () => {
  const suite = suites["secp256k1-keccak256"];
  const message = hexToBytes(
    "1901" +
      "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f" +
      "c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e",
  );
  const signature =
    "4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d" +
    "07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b91562" +
    "1c";

  test.each([suite.reference, suite.fast])("$name", (driver) => {
    const signer = suite.signer(
      // keccak256("cow")
      hexToBytes("c85ef7d79691fe79573b1a7064c19c1a9819ebdbd1faaab1a8ec92344438aaf4"),
      driver,
    );
    expect(suite.address(signer.publicKey)).toBe("0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826");
    expect(bytesToHex(signer.sign(message))).toBe(signature);
    expect(suite.verifier(signer.publicKey, driver).verify(hexToBytes(signature), message)).toBe(true);
  });
});
