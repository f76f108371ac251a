import * as z from "zod";
import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { hexToBytes } from "../../crypto/bytes.ts";
import { sha256Hex } from "../../crypto/hashes.ts";
import { type DcapCollateral, dcapCollateralSchema } from "../collateral/collateral.ts";
import { createBoundedCache } from "../x509/bounded-cache.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { type Crl, parseCrl } from "../x509/crl.ts";
import { pemBlocks } from "../x509/pem-chain.ts";
import { collateralFault, type CollateralPart } from "./collateral-fault.ts";
import type { SignedJson } from "./signed-json.ts";

/** Collateral with its certificates and lists read. Nothing is verified. */
export interface ReadCollateral {
  readonly rootCrl: Crl;
  readonly pckCrl: Crl;
  /** Empty where whoever collected it left it out: the list is checked with the quote's own chain as well. */
  readonly pckCrlIssuerChain: readonly Certificate[];
  readonly tcbInfoChain: readonly Certificate[];
  readonly tcbInfo: SignedJson;
  readonly qeIdentityChain: readonly Certificate[];
  readonly qeIdentity: SignedJson;
  /** Empty where it is left out. */
  readonly pckChain: readonly Certificate[];
}

const certificates = createBoundedCache<Certificate>(256);
const chains = createBoundedCache<readonly Certificate[]>(128);
const lists = createBoundedCache<Crl>(32);
const encoder = new TextEncoder();

/** A root stands in every chain, and a CA in two: each is read once. */
const readCertificate = (der: Uint8Array): Certificate => {
  const name = sha256Hex(der);
  const remembered = certificates.get(name);
  if (remembered) return remembered;
  const certificate = parseCertificate(der);
  certificates.set(name, certificate);
  return certificate;
};

/** Certificates of a PEM text; what they are follows from the text and is remembered. Throws `CERTIFICATE_INVALID`. */
export const readPemChain = (text: string): readonly Certificate[] => {
  const name = sha256Hex(encoder.encode(text));
  const remembered = chains.get(name);
  if (remembered) return remembered;
  const chain = pemBlocks(text).map(readCertificate);
  if (chain.length === 0)
    throw fabricError("CERTIFICATE_INVALID", { reason: "a PEM text without certificates" });
  chains.set(name, chain);
  return chain;
};

const within = <Value>(part: CollateralPart, read: () => Value): Value => {
  try {
    return read();
  } catch (error) {
    if (!isFabricError(error)) throw error;
    throw collateralFault(part, error.message, error);
  }
};

const optionalChain = (part: CollateralPart, text: string): readonly Certificate[] =>
  text === "" ? [] : within(part, () => readPemChain(text));

const readList = (part: CollateralPart, hex: string): Crl => {
  const name = sha256Hex(encoder.encode(hex));
  const remembered = lists.get(name);
  if (remembered) return remembered;
  const crl = within(part, () => parseCrl(hexToBytes(hex)));
  lists.set(name, crl);
  return crl;
};

/**
 * Read collateral in the shape of `dcapCollateralSchema`. Throws `COLLATERAL_MISSING` without any and
 * `COLLATERAL_INVALID`, which names the part.
 */
export const readCollateral = (input: unknown): ReadCollateral => {
  if (input === null || input === undefined) throw fabricError("COLLATERAL_MISSING", {});
  const parsed = dcapCollateralSchema.safeParse(input);
  if (!parsed.success)
    throw fabricError("COLLATERAL_INVALID", {
      part: "its form",
      reason: z.prettifyError(parsed.error).slice(0, 500),
    });
  const data: DcapCollateral = parsed.data;
  return {
    rootCrl: readList("root_ca_crl", data.root_ca_crl),
    pckCrl: readList("pck_crl", data.pck_crl),
    pckCrlIssuerChain: optionalChain("pck_crl_issuer_chain", data.pck_crl_issuer_chain),
    tcbInfoChain: within("tcb_info_issuer_chain", () => readPemChain(data.tcb_info_issuer_chain)),
    tcbInfo: { part: "tcb_info", text: data.tcb_info, signature: data.tcb_info_signature },
    qeIdentityChain: within("qe_identity_issuer_chain", () =>
      readPemChain(data.qe_identity_issuer_chain),
    ),
    qeIdentity: {
      part: "qe_identity",
      text: data.qe_identity,
      signature: data.qe_identity_signature,
    },
    pckChain: optionalChain("pck_certificate_chain", data.pck_certificate_chain ?? ""),
  };
};
