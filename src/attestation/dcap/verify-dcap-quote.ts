import { fabricError } from "../../core/errors/fabric-error.ts";
import { bytesToHex } from "../../crypto/bytes.ts";
import type { EvidenceClaims } from "../evidence-claims.ts";
import { SIMULATED_NAME } from "../simulated-vendor.ts";
import type { Anchor } from "../x509/verify-chain.ts";
import { checkQeIdentity } from "./check-qe-identity.ts";
import { checkMarks, type CollateralMemory } from "./collateral-memory.ts";
import { dcapClaims } from "./dcap-claims.ts";
import { judgeTcb } from "./judge-tcb.ts";
import { parseQuote, type Quote } from "./parse-quote.ts";
import type { PckExtension } from "./pck-extension.ts";
import { INTEL_QE_VENDOR, SIMULATED_FMSPC_PREFIX, SIMULATOR_QE_VENDOR } from "./quote-vendor.ts";
import { readCollateral, readPemChain } from "./read-collateral.ts";
import {
  verifyCollateral,
  type VerifiedCollateral,
  type VerifiedPck,
  verifyPck,
} from "./verify-collateral.ts";
import { isMigratableTd } from "./td-report.ts";
import { verifyQuoteSignatures } from "./verify-quote-signatures.ts";

/** What a quote is verified with. Everything is passed in: the verifier has no clock, no network and no state. */
export interface DcapVerification {
  /** In the shape of `dcapCollateralSchema`; it is checked to the last byte. */
  readonly collateral: unknown;
  readonly anchors: readonly Anchor[];
  /** The time as of which it is judged, in ms since epoch. */
  readonly at: number;
  /** Refuses collateral older than what was seen, where the present is judged. */
  readonly memory?: CollateralMemory;
}

/**
 * Simulated and real never mix: the anchor says which it is, and everything else must agree. Who holds a simulator's root
 * can have it sign whatever vendor and FMSPC; that the root itself is none of hardware's it says in its own name.
 */
const checkVendor = (
  quote: Quote,
  { chain: { path, anchor }, pck: { fmspc } }: VerifiedPck<Anchor>,
): void => {
  const { simulated } = anchor;
  const vendor = bytesToHex(quote.vendor);
  if (vendor !== (simulated ? SIMULATOR_QE_VENDOR : INTEL_QE_VENDOR))
    throw fabricError("QUOTE_VENDOR_REFUSED", { vendor, simulated });
  if (fmspc.startsWith(SIMULATED_FMSPC_PREFIX) !== simulated)
    throw fabricError("QUOTE_VENDOR_REFUSED", { vendor: `FMSPC ${fmspc}`, simulated });
  const root = path.at(-1)?.name ?? "";
  if (!simulated && root.includes(SIMULATED_NAME))
    throw fabricError("QUOTE_VENDOR_REFUSED", { vendor: root, simulated });
};

const mismatch = (what: string): never => {
  throw fabricError("COLLATERAL_MISMATCH", { what });
};

const checkFits = (
  { body }: Quote,
  pck: PckExtension,
  { tcbInfo, qeIdentity }: VerifiedCollateral,
): void => {
  const isTd = body.kind === "tdx";
  if (tcbInfo.id !== (isTd ? "TDX" : "SGX")) mismatch(`TCB info is of ${tcbInfo.id}`);
  if (qeIdentity.id !== (isTd ? "TD_QE" : "QE")) mismatch(`the identity is of ${qeIdentity.id}`);
  if (tcbInfo.fmspc !== pck.fmspc) mismatch(`TCB info is of FMSPC ${tcbInfo.fmspc}`);
  if (tcbInfo.pceId !== pck.pceId) mismatch(`TCB info is of PCE ${tcbInfo.pceId}`);
};

/**
 * A service TD could change the TD from outside, and nothing here says which one that is. A report of TDX 1.0 has no
 * place for it: whoever asks for the older form hides what may move the TD.
 */
const checkServiceTd = ({ body }: Quote): void => {
  if (body.kind !== "tdx") return;
  const isBound = body.v15 ? body.v15.mrServiceTd.some((byte) => byte !== 0) : isMigratableTd(body);
  if (isBound) throw fabricError("SERVICE_TD_REFUSED", {});
};

/**
 * Verify an SGX or TDX quote as Intel's QVL does, and more strictly (decision 0030): form, platform's chain and lists,
 * vendor, quoting enclave, signatures, collateral, TCB level, service TD, in this order. What it returns is authentic;
 * whether debug, simulated or outdated evidence is good enough is a policy's business.
 *
 * Throws `QUOTE_MALFORMED`, `COLLATERAL_MISSING`, `COLLATERAL_INVALID`, `CERTIFICATE_INVALID`,
 * `CERTIFICATE_ROOT_UNKNOWN`, `CERTIFICATE_EXPIRED`, `CERTIFICATE_CHAIN_REFUSED`, `CERTIFICATE_REVOKED`, `CRL_MISSING`,
 * `CRL_INVALID`, `CRL_EXPIRED`, `QUOTE_VENDOR_REFUSED`, `QE_REFUSED`, `QUOTE_SIGNATURE_WRONG`, `COLLATERAL_EXPIRED`,
 * `COLLATERAL_MISMATCH`, `COLLATERAL_ROLLED_BACK`, `TCB_LEVEL_UNKNOWN`, `TDX_MODULE_REFUSED`, `SERVICE_TD_REFUSED`.
 * @example
 * ```ts
 * const claims = verifyDcapQuote(quote, { collateral, anchors: [INTEL_SGX_ROOT], at: Date.now() });
 * ```
 */
export const verifyDcapQuote = (
  bytes: Uint8Array,
  { collateral, anchors, at, memory }: DcapVerification,
): EvidenceClaims => {
  const quote = parseQuote(bytes);
  const read = readCollateral(collateral);
  const platform = verifyPck(readPemChain(quote.auth.pckChain), read, { anchors, at });
  const { chain, pck } = platform;
  checkVendor(quote, platform);
  verifyQuoteSignatures(quote, chain.path[0].publicKey);
  const verified = verifyCollateral(read, platform, at);
  if (memory) checkMarks(memory, verified.marks);
  checkFits(quote, pck, verified);
  const { tcbInfo, qeIdentity } = verified;
  const qe = checkQeIdentity(qeIdentity, quote.auth.qeReport);
  const { status, advisories } = judgeTcb(tcbInfo, pck, qe, quote.body);
  checkServiceTd(quote);
  memory?.remember(verified.marks);
  return dcapClaims(quote, {
    simulated: chain.anchor.simulated,
    tcb: {
      status,
      advisories,
      evaluationNumber: Math.min(
        tcbInfo.tcbEvaluationDataNumber,
        qeIdentity.tcbEvaluationDataNumber,
      ),
    },
    platform: pck.fmspc,
    validFrom: verified.validFrom,
    validUntil: verified.validUntil,
  });
};
