import { sign } from "node:crypto";
import type { SnpCollateral } from "../../src/attestation/collateral/collateral.ts";
import type { TrustAnchor } from "../../src/attestation/trust-anchors.ts";
import { der, extension, integer, octets } from "./der-writer.ts";
import { createIssuer, type Issuer, writeCertificate, writeCrl } from "./x509-fixture.ts";

const DAY = 86_400_000;
const AMD = "1.3.6.1.4.1.3704.1";

/** Everything of a made-up Milan platform: roots, chip, list, and reports signed by it. */
export interface SnpFixture {
  readonly at: number;
  readonly anchor: TrustAnchor;
  readonly collateral: SnpCollateral;
  /** Parts of the collateral in DER. */
  readonly ark: Issuer;
  readonly ask: Issuer;
  readonly askDer: Buffer;
  readonly vekDer: Buffer;
  readonly crlDer: Buffer;
  /** A list with these serial numbers or times instead; the ASK's serial number is 7. */
  crl(change: { revoked?: readonly number[]; thisUpdate?: number; nextUpdate?: number }): string;
  /** A report of this chip; `change` edits it before it is signed. */
  report(change?: (bytes: Buffer) => void): Uint8Array;
}

const TCB = { bootloader: 3, tee: 0, snp: 8, microcode: 115 };
const tcbBytes = Buffer.of(TCB.bootloader, TCB.tee, 0, 0, 0, 0, TCB.snp, TCB.microcode);

/** Sign `bytes` in place as the secure processor does: r and s little-endian in 72 bytes each. */
export const signSnpReport = (bytes: Buffer, key: Issuer): void => {
  const raw = sign("sha384", bytes.subarray(0, 0x2a0), {
    key: key.privateKey,
    dsaEncoding: "ieee-p1363",
  });
  bytes.fill(0, 0x2a0);
  Buffer.from(raw.subarray(0, 48).toReversed()).copy(bytes, 0x2a0);
  Buffer.from(raw.subarray(48).toReversed()).copy(bytes, 0x2a0 + 72);
};

const vekExtensions = (chipId: Buffer | null): Buffer[] => [
  extension(`${AMD}.2`, der(0x16, Buffer.from("Milan-B0"))),
  extension(`${AMD}.3.1`, integer(TCB.bootloader)),
  extension(`${AMD}.3.2`, integer(TCB.tee)),
  extension(`${AMD}.3.3`, integer(TCB.snp)),
  extension(`${AMD}.3.8`, integer(TCB.microcode)),
  chipId === null
    ? extension(`${AMD}.5`, der(0x16, Buffer.from("CN=cloud.example")))
    : extension(`${AMD}.4`, octets(chipId)),
];

/** A platform whose root is `simulated` or not, as the relying party says. */
export const createSnpFixture = (simulated = true, kind: "vcek" | "vlek" = "vcek"): SnpFixture => {
  const at = Date.UTC(2026, 0, 15);
  const period = { notBefore: at - 30 * DAY, notAfter: at + 365 * DAY };
  const ark = createIssuer("ARK-Milan", "rsa");
  const ask = createIssuer(kind === "vcek" ? "SEV-Milan" : "SEV-VLEK-Milan", "rsa");
  const vek = createIssuer(kind === "vcek" ? "SEV-VCEK" : "SEV-VLEK", "p384");
  const chipId = kind === "vcek" ? Buffer.alloc(64, 0xc1) : null;
  const arkDer = writeCertificate({ subject: ark, issuer: ark, ca: true, serial: 1, ...period });
  const askDer = writeCertificate({ subject: ask, issuer: ark, ca: true, serial: 7, ...period });
  const vekDer = writeCertificate({
    subject: vek,
    issuer: ask,
    ca: false,
    extensions: vekExtensions(chipId),
    ...period,
  });
  const listTimes = { thisUpdate: at - DAY, nextUpdate: at + 30 * DAY };
  const crlDer = writeCrl({ issuer: ark, ...listTimes });
  return {
    at,
    ark,
    ask,
    askDer,
    vekDer,
    crlDer,
    anchor: {
      vendor: "amd",
      name: "test ARK-Milan",
      certificate: new Uint8Array(arkDer),
      simulated,
    },
    collateral: {
      certificates: [vekDer.toString("base64"), askDer.toString("hex")],
      crls: [crlDer.toString("base64")],
    },
    crl: (change) => writeCrl({ issuer: ark, ...listTimes, ...change }).toString("base64"),
    report: (change) => {
      const bytes = Buffer.alloc(1_184);
      bytes.writeUInt32LE(3, 0);
      bytes.writeUInt32LE(2, 4);
      bytes.writeBigUInt64LE(0x3_0000n, 8);
      bytes.writeUInt32LE(1, 0x34);
      bytes.writeUInt32LE(kind === "vlek" ? 4 : 0, 0x48);
      bytes.fill(0xda, 0x50, 0x90);
      bytes.fill(0x3e, 0x90, 0xc0);
      bytes.fill(0x1d, 0xe0, 0x110);
      bytes.set([0x19, 0x01, 0x01], 0x188);
      for (const offset of [0x38, 0x180, 0x1e0, 0x1f0]) tcbBytes.copy(bytes, offset);
      chipId?.copy(bytes, 0x1a0);
      change?.(bytes);
      signSnpReport(bytes, vek);
      return new Uint8Array(bytes);
    },
  };
};
