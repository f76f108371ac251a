import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";

/**
 * HPKE suites of the fabric (RFC 9180 section 7), all with DHKEM(X25519, HKDF-SHA256) = 0x0020 and HKDF-SHA256 = 0x0001.
 * Adding one is one row.
 */
const aeads = {
  /** 0x0002 */
  "x25519-sha256-aes256gcm": () => new Aes256Gcm(),
  /** 0x0003 */
  "x25519-sha256-chacha20poly1305": () => new Chacha20Poly1305(),
} as const;

/** @see aeads */
export type HpkeSuiteName = keyof typeof aeads;
/** Every suite; the first is what we seal with. */
export const hpkeSuiteNames = Object.keys(aeads) as [HpkeSuiteName, ...HpkeSuiteName[]];

const made = new Map<HpkeSuiteName, CipherSuite>();

/** The library's object behind a suite's name. */
export const hpkeSuite = (name: HpkeSuiteName): CipherSuite => {
  const known = made.get(name);
  if (known) return known;
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: aeads[name](),
  });
  made.set(name, suite);
  return suite;
};
