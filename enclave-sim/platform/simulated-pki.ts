import { SIMULATED_FMSPC } from "../../src/attestation/simulated-vendor.ts";
import { hexToBytes } from "../../src/crypto/bytes.ts";
import type { SigningKey } from "../../src/crypto/key-record.ts";
import { derive, issuingKey } from "./platform-keys.ts";
import { sgxExtension } from "./sgx-extension.ts";
import {
  certificatesToPem,
  spkiOf,
  writeCertificate,
  writeRevocationList,
} from "./write-certificate.ts";

const YEAR_MS = 365 * 86_400_000;
export const HOUR_MS = 3_600_000;
const NAMES = {
  root: "SIMULATED SGX Root CA - NO HARDWARE ROOT",
  platformCa: "SIMULATED SGX PCK Platform CA - NO HARDWARE ROOT",
  tcbSigning: "SIMULATED SGX TCB Signing - NO HARDWARE ROOT",
  pck: "SIMULATED SGX PCK Certificate - NO HARDWARE ROOT",
} as const;
/** Reserved by RFC 2606: nothing is fetched from there. */
const URL_BASE = "https://no-hardware-root.invalid";
const ROOT_YEARS = 40;
const AUTHORITY_YEARS = 20;
const LEAF_YEARS = 4;
/** How long collateral of one issue holds. */
export const COLLATERAL_VALID_MS = 31 * 86_400_000;

/** Links of the chains that can be revoked. */
export type Revocable = "platform-ca" | "tcb-signing" | "pck";

/** Certificates of one platform as of one time. DER. */
export interface PlatformCertificates {
  readonly root: Uint8Array;
  readonly platformCa: Uint8Array;
  readonly tcbSigning: Uint8Array;
  readonly pck: Uint8Array;
}

/** The simulated public key infrastructure of one platform. */
export interface SimulatedPki {
  /** DER of the self-signed root: the simulated anchor. */
  readonly root: Uint8Array;
  readonly pckKey: SigningKey;
  readonly tcbSigningKey: SigningKey;
  certificates(at: number): PlatformCertificates;
  /** Leaf first; what a quote carries. */
  pckChain(at: number): string;
  tcbChain(at: number): string;
  platformCaChain(at: number): string;
  /** Issued on the hour; the number grows with it. DER. */
  revocationLists(
    at: number,
    revoked: readonly Revocable[],
  ): { readonly root: Uint8Array; readonly pck: Uint8Array };
}

/** Number of the period of half a validity that `at` lies in: a certificate is issued anew each time, before the last one ends. */
const periodOf = (createdAt: number, at: number, years: number): number =>
  Math.max(0, Math.floor((at - createdAt) / ((years * YEAR_MS) / 2)));

/**
 * The PKI of a seed: root, PCK platform CA, TCB signing and PCK certificate, all saying that there is no hardware root.
 * Everything is derived, so that the same seed issues the same bytes. `createdAt` in ms since epoch.
 */
export const createSimulatedPki = (
  seed: Uint8Array,
  options: { readonly createdAt: number; readonly cpuSvn: Uint8Array; readonly pceSvn: number },
): SimulatedPki => {
  const createdAt = Math.floor(options.createdAt / HOUR_MS) * HOUR_MS;
  const rootKey = issuingKey(seed, "root");
  const platformCaKey = issuingKey(seed, "platform-ca");
  const tcbSigningKey = issuingKey(seed, "tcb-signing");
  const pckKey = issuingKey(seed, "pck");
  const tcb = {
    cpuSvn: options.cpuSvn,
    pceSvn: options.pceSvn,
    fmspc: hexToBytes(SIMULATED_FMSPC, 6),
    ppid: derive(seed, "ppid", 16),
    platformInstanceId: derive(seed, "platform-instance", 16),
  };
  const serialOf = (name: string, period: number): Uint8Array => {
    const serial = derive(seed, `serial/${name}/${period}`, 16);
    // Positive, and of one length.
    serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
    return serial;
  };

  const rootSerial = serialOf("root", 0);
  const rootSpki = spkiOf(rootKey);
  const root = writeCertificate(
    {
      subject: NAMES.root,
      issuer: NAMES.root,
      publicKey: rootSpki,
      issuerPublicKey: rootSpki,
      serial: rootSerial,
      notBefore: createdAt,
      notAfter: createdAt + ROOT_YEARS * YEAR_MS,
      pathLength: 1,
      crlUrl: `${URL_BASE}/root.crl`,
    },
    rootKey,
  );

  const issue = (
    link: "platformCa" | "tcbSigning" | "pck",
    key: SigningKey,
    at: number,
  ): { readonly serial: Uint8Array; readonly certificate: Uint8Array } => {
    const isAuthority = link === "platformCa";
    const byRoot = link !== "pck";
    const years = isAuthority ? AUTHORITY_YEARS : LEAF_YEARS;
    const period = periodOf(createdAt, at, years);
    const notBefore = createdAt + (period * years * YEAR_MS) / 2;
    // A platform that recovered its TCB gets another certificate.
    const serial = serialOf(`${link}/${Buffer.from(tcb.cpuSvn).toString("hex")}`, period);
    const issuerKey = byRoot ? rootKey : platformCaKey;
    const certificate = writeCertificate(
      {
        subject: NAMES[link],
        issuer: byRoot ? NAMES.root : NAMES.platformCa,
        publicKey: spkiOf(key),
        issuerPublicKey: spkiOf(issuerKey),
        serial,
        notBefore,
        notAfter: notBefore + years * YEAR_MS,
        pathLength: isAuthority ? 0 : null,
        crlUrl: `${URL_BASE}/${byRoot ? "root" : "pck"}.crl`,
        ...(link === "pck" ? { extensions: [sgxExtension(tcb)] } : {}),
      },
      issuerKey,
    );
    return { serial, certificate };
  };
  const issueAll = (at: number) => ({
    platformCa: issue("platformCa", platformCaKey, at),
    tcbSigning: issue("tcbSigning", tcbSigningKey, at),
    pck: issue("pck", pckKey, at),
  });
  /** One entry: signing four certificates costs milliseconds, and they change every other year. */
  let held: { readonly hour: number; readonly issued: ReturnType<typeof issueAll> } | undefined;
  const issuedAt = (at: number): ReturnType<typeof issueAll> => {
    const hour = Math.floor(at / HOUR_MS);
    if (held?.hour !== hour) held = { hour, issued: issueAll(at) };
    return held.issued;
  };

  return {
    root,
    pckKey,
    tcbSigningKey,
    certificates: (at) => {
      const { platformCa, tcbSigning, pck } = issuedAt(at);
      return {
        root,
        platformCa: platformCa.certificate,
        tcbSigning: tcbSigning.certificate,
        pck: pck.certificate,
      };
    },
    pckChain: (at) => {
      const { pck, platformCa } = issuedAt(at);
      return certificatesToPem(pck.certificate, platformCa.certificate, root);
    },
    tcbChain: (at) => certificatesToPem(issuedAt(at).tcbSigning.certificate, root),
    platformCaChain: (at) => certificatesToPem(issuedAt(at).platformCa.certificate, root),
    revocationLists: (at, revoked) => {
      const { platformCa, tcbSigning, pck } = issuedAt(at);
      const thisUpdate = Math.floor(at / HOUR_MS) * HOUR_MS;
      const period = { number: thisUpdate / HOUR_MS, thisUpdate };
      const nextUpdate = thisUpdate + COLLATERAL_VALID_MS;
      const serials = (links: Readonly<Record<string, { readonly serial: Uint8Array }>>) =>
        revoked.flatMap((link) => links[link]?.serial ?? []);
      const byRoot = { "platform-ca": platformCa, "tcb-signing": tcbSigning };
      return {
        root: writeRevocationList(
          {
            ...period,
            nextUpdate,
            issuer: NAMES.root,
            issuerPublicKey: rootSpki,
            revoked: serials(byRoot),
          },
          rootKey,
        ),
        pck: writeRevocationList(
          {
            ...period,
            nextUpdate,
            issuer: NAMES.platformCa,
            issuerPublicKey: spkiOf(platformCaKey),
            revoked: serials({ pck }),
          },
          platformCaKey,
        ),
      };
    },
  };
};
