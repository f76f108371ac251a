import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { bytesToHex } from "../../crypto/bytes.ts";
import { splitPcsAnswer } from "../dcap/signed-json.ts";
import type { DcapCollateral } from "./collateral.ts";
import type { CollateralSource } from "./collateral-source.ts";
import { createHttpsReader, type HttpsAnswer, type HttpsReaderOptions } from "./https-reader.ts";
import { readPckFacts } from "./pck-facts.ts";

const SOURCE = "Intel's PCS";
const BASE_URL = "https://api.trustedservices.intel.com";
const CHAIN = {
  tcb: "tcb-info-issuer-chain",
  identity: "sgx-enclave-identity-issuer-chain",
  crl: "sgx-pck-crl-issuer-chain",
} as const;
const MAX_CHAIN_LENGTH = 32_768;

const decoder = new TextDecoder();

const unavailable = (reason: string) =>
  fabricError("COLLATERAL_UNAVAILABLE", { source: SOURCE, reason });

/** An issuer chain as the service sends it: PEM, percent-encoded, in a header. */
const chainOf = (answer: HttpsAnswer, name: string): string => {
  const header = answer.header(name);
  if (header === null || header.length > MAX_CHAIN_LENGTH) throw unavailable(`no header ${name}`);
  try {
    return decodeURIComponent(header);
  } catch {
    throw unavailable(`the header ${name} is not percent-encoded`);
  }
};

/**
 * Intel's Provisioning Certification Service, version 4 (Intel, "API documentation: Intel SGX and TDX provisioning
 * certification service", v4): TCB info, QE identity, PCK and root lists for the platform that a quote names. Its form is
 * tried against a server of our own; the real service was never reached from here.
 * Throws `CONFIG_INVALID` for the address.
 * @example
 * ```ts
 * const source = createIntelPcsCollateralSource();
 * const collateral = await source.fetch({ tee: "tdx", bytes: quote }, { signal });
 * ```
 */
export const createIntelPcsCollateralSource = (
  options: Partial<Omit<HttpsReaderOptions, "source">> = {},
): CollateralSource => {
  const reader = createHttpsReader({ baseUrl: BASE_URL, ...options, source: SOURCE });
  const get = async (path: string, signal: AbortSignal): Promise<HttpsAnswer> => {
    const answer = await reader.get(path, { signal });
    if (answer === null) throw unavailable(`it does not know ${path}`);
    return answer;
  };
  return {
    fetch: async ({ tee, bytes }, { signal }) => {
      if (tee !== "sgx" && tee !== "tdx") return null;
      const { fmspc, ca } = readPckFacts(bytes);
      const [tcb, identity, pckCrl, rootCrl] = await Promise.all([
        get(`/${tee}/certification/v4/tcb?fmspc=${fmspc}`, signal),
        get(`/${tee}/certification/v4/qe/identity`, signal),
        get(`/sgx/certification/v4/pckcrl?ca=${ca}&encoding=der`, signal),
        get("/sgx/certification/v4/rootcacrl", signal),
      ]);
      try {
        const tcbInfo = splitPcsAnswer(decoder.decode(tcb.body), "tcbInfo");
        const qeIdentity = splitPcsAnswer(decoder.decode(identity.body), "enclaveIdentity");
        return {
          pck_crl_issuer_chain: chainOf(pckCrl, CHAIN.crl),
          root_ca_crl: decoder.decode(rootCrl.body).trim(),
          pck_crl: bytesToHex(pckCrl.body),
          tcb_info_issuer_chain: chainOf(tcb, CHAIN.tcb),
          tcb_info: tcbInfo.text,
          tcb_info_signature: tcbInfo.signature,
          qe_identity_issuer_chain: chainOf(identity, CHAIN.identity),
          qe_identity: qeIdentity.text,
          qe_identity_signature: qeIdentity.signature,
        } satisfies DcapCollateral;
      } catch (error) {
        if (isFabricError(error, "COLLATERAL_INVALID")) throw unavailable(error.message);
        throw error;
      }
    },
  };
};
