import { sign } from "node:crypto";
import { encode } from "cborg";
import type { TrustAnchor } from "../../src/attestation/trust-anchors.ts";
import { createIssuer, type Issuer, writeCertificate } from "./x509-fixture.ts";

const HOUR = 3_600_000;
/** `{ 1: -35 }`, ES384. */
export const PROTECTED = Uint8Array.of(0xa1, 0x01, 0x38, 0x22);

/** Fields of a payload; a test may give any value, or leave one out with undefined. */
export type DocumentFields = Readonly<Record<string, unknown>>;

/** A made-up Nitro hypervisor with a chain of three, which signs whatever a test wants signed. */
export interface NitroFixture {
  readonly at: number;
  readonly anchor: TrustAnchor;
  readonly leaf: Issuer;
  /** DER: root, intermediate. */
  readonly bundle: readonly Buffer[];
  readonly certificate: Buffer;
  /** The payload of a good document with changes. */
  payload(change?: DocumentFields): Uint8Array;
  /** A signed document around any payload bytes. */
  signed(payload: Uint8Array, options?: { readonly header?: Uint8Array }): Uint8Array;
  /** Both together. */
  document(change?: DocumentFields): Uint8Array;
  /** A chain of its own under this root. */
  chain(change: {
    readonly intermediateCa?: boolean;
    readonly leafCa?: boolean;
    readonly leafKind?: "rsa" | "p384";
  }): NitroFixture;
}

const pcr = (value: number) => new Uint8Array(48).fill(value);

const sigStructure = (header: Uint8Array, payload: Uint8Array): Uint8Array =>
  encode(["Signature1", header, new Uint8Array(), payload]);

export const createNitroFixture = (at: number = Date.UTC(2026, 0, 15, 12)): NitroFixture => {
  const root = createIssuer("test.nitro-enclaves", "p384");
  const period = { notBefore: at - 24 * HOUR, notAfter: at + 24 * HOUR };
  const rootDer = writeCertificate({ subject: root, issuer: root, ca: true, serial: 1, ...period });
  const anchor: TrustAnchor = {
    vendor: "aws",
    name: "test nitro root",
    certificate: new Uint8Array(rootDer),
    simulated: true,
  };
  const chain: NitroFixture["chain"] = (change) => {
    const { intermediateCa = true, leafCa = false, leafKind = "p384" } = change;
    const middle = createIssuer("zonal.nitro-enclaves", "p384");
    const leaf = createIssuer("i-0123.nitro-enclaves", leafKind);
    const middleDer = writeCertificate({
      subject: middle,
      issuer: root,
      ca: intermediateCa,
      serial: 2,
      ...period,
    });
    const certificate = writeCertificate({
      subject: leaf,
      issuer: middle,
      ca: leafCa,
      serial: 3,
      notBefore: at - HOUR,
      notAfter: at + 2 * HOUR,
    });
    const bundle = [rootDer, middleDer];
    const payload: NitroFixture["payload"] = (fields = {}) => {
      const all: Record<string, unknown> = {
        module_id: "i-0123-enc0456",
        digest: "SHA384",
        timestamp: at - 60_000,
        pcrs: new Map([0, 1, 2, 3, 4, 8].map((index) => [index, pcr(index + 1)])),
        certificate: new Uint8Array(certificate),
        cabundle: bundle.map((der) => new Uint8Array(der)),
        public_key: null,
        user_data: new Uint8Array(64).fill(0xda),
        nonce: new Uint8Array(32).fill(0x11),
        ...fields,
      };
      for (const [name, value] of Object.entries(all)) if (value === undefined) delete all[name];
      return encode(all);
    };
    const signed: NitroFixture["signed"] = (bytes, { header = PROTECTED } = {}) => {
      const signature = sign("sha384", sigStructure(header, bytes), {
        key: leaf.privateKey,
        dsaEncoding: "ieee-p1363",
      });
      return encode([header, new Map(), bytes, new Uint8Array(signature)]);
    };
    return {
      at,
      anchor,
      leaf,
      bundle,
      certificate,
      payload,
      signed,
      document: (fields) => signed(payload(fields)),
      chain,
    };
  };
  return chain({});
};
