import { fabricError } from "../../core/errors/fabric-error.ts";
import { bytesEqual, bytesToHex } from "../../crypto/bytes.ts";
import { KEY_USAGE } from "../x509/certificate-extensions.ts";
import type { Certificate } from "../x509/certificate.ts";
import type { Crl } from "../x509/crl.ts";
import { isWithin } from "../x509/is-within.ts";
import { samePublicKey } from "../x509/public-key.ts";
import { isSigned } from "../x509/signed-by.ts";
import { type Anchor, type VerifiedChain, verifyChain } from "../x509/verify-chain.ts";
import { collateralFault } from "./collateral-fault.ts";
import type { CollateralMark } from "./collateral-memory.ts";
import { type PckExtension, readPckExtension, SGX_EXTENSION } from "./pck-extension.ts";
import type { ReadCollateral } from "./read-collateral.ts";
import { createSignedJsonReader, type SignedJson, type SignedJsonReader } from "./signed-json.ts";
import { type QeIdentity, qeIdentitySchema, type TcbInfo, tcbInfoSchema } from "./tcb-info.ts";

/** How collateral is judged. */
export interface CollateralRules<A extends Anchor> {
  readonly anchors: readonly A[];
  /** ms since epoch. */
  readonly at: number;
}

/** A platform's certificate whose chain holds. */
export interface VerifiedPck<A extends Anchor> {
  readonly chain: VerifiedChain<A>;
  readonly pck: PckExtension;
}

const readTcbInfo = createSignedJsonReader(tcbInfoSchema);
const readQeIdentity = createSignedJsonReader(qeIdentitySchema);

/** PCK certificate, its CA, root: what Intel's profile has. */
const PCK_PATH = 3;
/** TCB signing certificate, root. */
const SIGNING_PATH = 2;

const refuse = ({ name }: Certificate, reason: string): never => {
  throw fabricError("CERTIFICATE_CHAIN_REFUSED", { certificate: name, reason });
};

const checkSigner = (leaf: Certificate): void => {
  if (leaf.keyUsage?.(KEY_USAGE.digitalSignature) !== true)
    refuse(leaf, "its key may not sign data");
};

/**
 * Chain of a quote's PCK certificate. A certificate with the SGX extension at the end of three speaks for a platform
 * and for nothing else. Throws what `verifyChain` throws, `CERTIFICATE_INVALID`.
 */
export const verifyPck = <A extends Anchor>(
  chain: readonly Certificate[],
  { rootCrl, pckCrl }: ReadCollateral,
  rules: CollateralRules<A>,
): VerifiedPck<A> => {
  const verified = verifyChain(chain, { ...rules, crls: [rootCrl, pckCrl] });
  const [leaf] = verified.path;
  if (verified.path.length !== PCK_PATH) refuse(leaf, "a PCK chain has three certificates");
  checkSigner(leaf);
  return { chain: verified, pck: readPckExtension(leaf) };
};

/**
 * The chain that came with the PCK's list must be of the CA that the quote names: the same name and key, signed by the
 * same root. Intel issues such a certificate again under the same key, so that its bytes may differ.
 */
const checkCrlIssuer = (chain: readonly Certificate[], own: VerifiedChain): void => {
  const part = "pck_crl_issuer_chain";
  const [first, ...rest] = chain;
  const issuer = own.path[1];
  const root = own.path.at(-1);
  if (first === undefined || issuer === undefined || root === undefined) return;
  const same =
    bytesEqual(first.subject, issuer.subject) && samePublicKey(first.publicKey, issuer.publicKey);
  if (!same || !isSigned(first, root.publicKey)) throw collateralFault(part, "another CA's chain");
  if (rest.length > 1 || (rest[0] && rest[0].fingerprint !== root.fingerprint))
    throw collateralFault(part, "another root");
};

const checkPckChain = (chain: readonly Certificate[], own: VerifiedChain): void => {
  if (chain.length === 0) return;
  const same = chain.every(({ fingerprint }, i) => own.path[i]?.fingerprint === fingerprint);
  if (!same) throw collateralFault("pck_certificate_chain", "another chain than the quote's");
};

interface Dated {
  readonly issueDate: number;
  readonly nextUpdate: number;
}

const checkDates = (part: string, { issueDate, nextUpdate }: Dated, at: number): void => {
  if (!isWithin(at, issueDate, nextUpdate))
    throw fabricError("COLLATERAL_EXPIRED", {
      part,
      from: new Date(issueDate).toISOString(),
      to: new Date(nextUpdate).toISOString(),
    });
};

const verifySigned = <A extends Anchor, Output extends Dated>(
  chain: readonly Certificate[],
  signed: SignedJson,
  read: SignedJsonReader<Output>,
  { anchor, at, rootCrl }: { anchor: A; at: number; rootCrl: Crl },
): { readonly chain: VerifiedChain<A>; readonly value: Output } => {
  const verified = verifyChain(chain, { anchors: [anchor], at, crls: [rootCrl] });
  const [leaf] = verified.path;
  // A platform's own certificate ends under the same root; it must not sign what judges it.
  if (verified.path.length !== SIGNING_PATH || leaf.extensions.has(SGX_EXTENSION))
    refuse(leaf, "it is no TCB signing certificate");
  checkSigner(leaf);
  const value = read(signed, leaf.publicKey);
  checkDates(signed.part, value, at);
  return { chain: verified, value };
};

/** Collateral that is authentic and current, under the anchor that the PCK's chain ended in. */
export interface VerifiedCollateral {
  readonly tcbInfo: TcbInfo;
  readonly qeIdentity: QeIdentity;
  /** ms since epoch. */
  readonly validFrom: number;
  readonly validUntil: number;
  readonly marks: readonly CollateralMark[];
}

const listMark = (anchor: string, { issuer, number, thisUpdate }: Crl): CollateralMark => ({
  series: `crl/${anchor}/${bytesToHex(issuer)}`,
  rank: [number, BigInt(thisUpdate)],
});

const dataMark = (series: string, data: QeIdentity | TcbInfo): CollateralMark => ({
  series,
  rank: [BigInt(data.tcbEvaluationDataNumber), BigInt(data.issueDate)],
});

/**
 * Check TCB info, QE identity and lists, all under the anchor of the PCK's chain.
 * Throws what `verifyChain` throws, `COLLATERAL_INVALID`, `COLLATERAL_EXPIRED`.
 */
export const verifyCollateral = <A extends Anchor>(
  collateral: ReadCollateral,
  { chain }: VerifiedPck<A>,
  at: number,
): VerifiedCollateral => {
  const { rootCrl, pckCrl, tcbInfoChain, qeIdentityChain } = collateral;
  checkCrlIssuer(collateral.pckCrlIssuerChain, chain);
  checkPckChain(collateral.pckChain, chain);
  const context = { anchor: chain.anchor, at, rootCrl };
  const tcb = verifySigned(tcbInfoChain, collateral.tcbInfo, readTcbInfo, context);
  const qe = verifySigned(qeIdentityChain, collateral.qeIdentity, readQeIdentity, context);
  const anchor = chain.path.at(-1)?.fingerprint ?? "";
  const { value: tcbInfo } = tcb;
  const { value: qeIdentity } = qe;
  const froms = [chain, tcb.chain, qe.chain].map(({ validFrom }) => validFrom);
  const untils = [chain, tcb.chain, qe.chain].map(({ validUntil }) => validUntil);
  return {
    tcbInfo,
    qeIdentity,
    validFrom: Math.max(...froms, tcbInfo.issueDate, qeIdentity.issueDate),
    validUntil: Math.min(...untils, tcbInfo.nextUpdate, qeIdentity.nextUpdate),
    marks: [
      listMark(anchor, rootCrl),
      listMark(anchor, pckCrl),
      dataMark(`tcb/${anchor}/${tcbInfo.id}/${tcbInfo.fmspc}`, tcbInfo),
      dataMark(`qe/${anchor}/${qeIdentity.id}`, qeIdentity),
    ],
  };
};
