import { SIMULATED_FMSPC } from "../../src/attestation/simulated-vendor.ts";
import type { DcapCollateral } from "../../src/attestation/collateral/collateral.ts";
import { bytesToHex } from "../../src/crypto/bytes.ts";
import type { SigningKey } from "../../src/crypto/key-record.ts";
import { qeIdentityOf } from "./quoting-enclave.ts";
import {
  COLLATERAL_VALID_MS,
  HOUR_MS,
  type Revocable,
  type SimulatedPki,
} from "./simulated-pki.ts";
import { TCB_EVALUATION_NUMBER, TCB_LEVELS, type TcbLevel } from "./tcb-levels.ts";
import { PCE_SVN, securityVersions, type SimulatedTee, TDX_MODULE } from "./tcb-encoding.ts";

/** What a test or an exercise in TCB recovery changes. */
export interface PcsOptions {
  readonly revoked?: readonly Revocable[];
  readonly levels?: readonly TcbLevel[];
  readonly evaluationNumber?: number;
}

/** ISO 8601 without milliseconds, as Intel's PCS writes it. */
const isoTime = (at: number): string => new Date(at).toISOString().replace(".000Z", "Z");

const components = (bytes: Uint8Array) => [...bytes].map((svn) => ({ svn }));

const advisoriesOf = ({ advisories }: TcbLevel) =>
  advisories.length === 0 ? {} : { advisoryIDs: advisories };

const levelsOf = (levels: readonly TcbLevel[], tee: SimulatedTee) =>
  levels.map((level) => ({
    tcb: {
      sgxtcbcomponents: components(securityVersions("sgx", level.svn)),
      pcesvn: PCE_SVN,
      ...(tee === "tdx"
        ? { tdxtcbcomponents: components(securityVersions("tdx", level.svn)) }
        : {}),
    },
    tcbDate: level.date,
    tcbStatus: level.status,
    ...advisoriesOf(level),
  }));

/** Field order and names of Intel's PCS version 4 (TCB info version 3). */
const tcbInfo = (tee: SimulatedTee, period: object, options: PcsOptions): object => ({
  id: tee === "tdx" ? "TDX" : "SGX",
  version: 3,
  ...period,
  fmspc: SIMULATED_FMSPC,
  pceId: "0000",
  tcbType: 0,
  tcbEvaluationDataNumber: options.evaluationNumber ?? TCB_EVALUATION_NUMBER,
  ...(tee === "tdx" ? TDX_MODULE : {}),
  tcbLevels: levelsOf(options.levels ?? TCB_LEVELS, tee),
});

const signedText = (content: object, key: SigningKey) => {
  const text = JSON.stringify(content);
  return { text, signature: bytesToHex(key.sign(new TextEncoder().encode(text))) };
};

/**
 * What a provisioning service would answer about this platform at a time: TCB info, QE identity, revocation lists and
 * chains, issued on the hour and valid for 31 days. The signatures cover the raw JSON texts.
 */
export const issueCollateral = (
  pki: SimulatedPki,
  request: { readonly tee: SimulatedTee; readonly at: number } & PcsOptions,
): DcapCollateral => {
  const { tee, at } = request;
  const issued = Math.floor(at / HOUR_MS) * HOUR_MS;
  const period = {
    issueDate: isoTime(issued),
    nextUpdate: isoTime(issued + COLLATERAL_VALID_MS),
  };
  const info = signedText(tcbInfo(tee, period, request), pki.tcbSigningKey);
  const identity = signedText(
    {
      id: tee === "tdx" ? "TD_QE" : "QE",
      version: 2,
      ...period,
      tcbEvaluationDataNumber: request.evaluationNumber ?? TCB_EVALUATION_NUMBER,
      ...qeIdentityOf(tee),
    },
    pki.tcbSigningKey,
  );
  const lists = pki.revocationLists(at, request.revoked ?? []);
  const tcbChain = pki.tcbChain(at);
  return {
    pck_crl_issuer_chain: pki.platformCaChain(at),
    root_ca_crl: bytesToHex(lists.root),
    pck_crl: bytesToHex(lists.pck),
    tcb_info_issuer_chain: tcbChain,
    tcb_info: info.text,
    tcb_info_signature: info.signature,
    qe_identity_issuer_chain: tcbChain,
    qe_identity: identity.text,
    qe_identity_signature: identity.signature,
  };
};
