import { describe, expect, it } from "vitest";
import { INTEL_SGX_ROOT } from "../../../src/attestation/dcap/intel-root.ts";
import { parseQuote } from "../../../src/attestation/dcap/parse-quote.ts";
import { readPckExtension } from "../../../src/attestation/dcap/pck-extension.ts";
import { createSignedJsonReader, splitPcsAnswer } from "../../../src/attestation/dcap/signed-json.ts";
import { qeIdentitySchema, tcbInfoSchema } from "../../../src/attestation/dcap/tcb-info.ts";
import { verifyDcapQuote } from "../../../src/attestation/dcap/verify-dcap-quote.ts";
import { verifyQuoteSignatures } from "../../../src/attestation/dcap/verify-quote-signatures.ts";
import type { TrustAnchor } from "../../../src/attestation/trust-anchors.ts";
import { parseCertificate } from "../../../src/attestation/x509/certificate.ts";
import { parseCrl } from "../../../src/attestation/x509/crl.ts";
import { parsePemChain } from "../../../src/attestation/x509/pem-chain.ts";
import { verifyChain } from "../../../src/attestation/x509/verify-chain.ts";
import { bytesToHex, hexToBytes } from "../../../src/crypto/bytes.ts";
import { codeOf } from "../../support/code-of.ts";
import { replayEventLog } from "../../support/event-log.ts";
import { phalaStatus } from "../../support/phala-verifier.ts";
import { readQuoteCase } from "../../support/quote-cases.ts";
import { haveSharedEvidence, readSharedEvidence } from "../../support/shared-evidence.ts";

const present = haveSharedEvidence("quotes and collateral as other projects keep them");
const read = (name: string): Uint8Array => readSharedEvidence(...name.split("/"));
const text = (name: string): string => new TextDecoder().decode(read(name));

describe.runIf(present)("quotes as other projects keep them", () => {
  it.each([
    ["automata/rust-crates_samples_quotev3.hex", 3, "sgx", "00606a000000"],
    ["automata/rust-crates_samples_quotev4.hex", 4, "tdx", "00806f050000"],
    ["automata/rust-crates_samples_quotev5.dat", 5, "tdx", "90c06f000000"],
    ["automata/solana_automata-dcap-framework_tests_data_quote_sgx.bin", 3, "sgx", "00a067110000"],
    ["automata/solana_automata-dcap-framework_tests_data_quote_tdx.bin", 4, "tdx", "00806f050000"],
    ["phala-dcap-qvl/quote-from-tappd.hex", 4, "tdx", "b0c06f000000"],
    ["trustee/deps_verifier_test_data_tdx_quote_4.dat", 4, "tdx", "50806f000000"],
    ["trustee/deps_verifier_test_data_tdx_quote_5.dat", 5, "tdx", "90c06f000000"],
    ["trustee/deps_verifier_test_data_tdx_quote_6.dat", 4, "tdx", "00a06d080000"],
  ] as const)("%s is signed, from Intel's root to the body", (name, version, kind, fmspc) => {
    const bytes = name.endsWith(".hex") ? hexToBytes(text(name).trim()) : read(name);
    const quote = parseQuote(bytes);
    expect([quote.version, quote.body.kind]).toEqual([version, kind]);
    const chain = verifyChain(parsePemChain(quote.auth.pckChain), {
      anchors: [INTEL_SGX_ROOT],
      at: Date.UTC(2025, 9, 1),
      crls: "none",
    });
    verifyQuoteSignatures(quote, chain.path[0].publicKey);
    expect(readPckExtension(chain.path[0]).fmspc).toBe(fmspc);
  });

  it("whose certification is not a PEM chain are refused: there is nothing to judge them by", () => {
    const sample = (name: string) => read(`intel-qvl/Src_AttestationApp_sampleData_${name}`);
    for (const name of ["quote.dat", "tdx_quote.dat"])
      expect(codeOf(() => parseQuote(sample(name)))).toBe("QUOTE_MALFORMED");
  });
});

describe.runIf(present)("chains and lists as other projects keep them", () => {
  const solana = (name: string) =>
    read(`automata/solana_automata-dcap-framework_tests_data_${name}.der`);
  const automata = () => ({
    chain: ["pck", "platform", "root"].map((name) => parseCertificate(solana(name))),
    crls: ["intel_root_ca_crl", "pck_platform_crl"].map((name) => parseCrl(solana(name))),
  });
  const anchors = [INTEL_SGX_ROOT];

  it("of automata hold in their time", () => {
    const { chain, crls } = automata();
    const at = Date.UTC(2025, 6, 20);
    expect(verifyChain(chain, { anchors, at, crls }).path).toHaveLength(3);
    const signing = ["signing", "root"].map((name) => parseCertificate(solana(name)));
    expect(verifyChain(signing, { anchors, at, crls }).crls).toHaveLength(1);
    const later = { anchors, at: Date.UTC(2025, 8, 1), crls };
    expect(codeOf(() => verifyChain(chain, later))).toBe("CRL_EXPIRED");
  });

  it("of Intel's test root hold under it, and never under the real one", () => {
    const sample = (name: string) => `intel-qvl/Src_AttestationApp_sampleData_${name}`;
    const root = (prefix: string): TrustAnchor => {
      const [certificate] = parsePemChain(text(sample(`${prefix}trustedRootCaCert.pem`)));
      if (!certificate) throw new Error("no root");
      return { vendor: "intel", name: "test", certificate: certificate.der, simulated: false };
    };
    const at = Date.UTC(2022, 0, 1);
    for (const prefix of ["", "tdx_"]) {
      const pck = parsePemChain(text(sample(`${prefix}pckCert.pem`)));
      // The TDX files have the root first; what stands in a wrong order is no chain.
      const issuers = parsePemChain(text(sample(`${prefix}pckSignChain.pem`)));
      const chain = [...pck, ...(prefix === "" ? issuers : issuers.toReversed())];
      const crls = ["intermediateCaCrl", "rootCaCrl"].map((name) =>
        parseCrl(read(sample(`${prefix}${name}.der`))),
      );
      const rules = { anchors: [root(prefix)], at, crls };
      expect(verifyChain(chain, rules).path[0].name).toBe("Intel SGX PCK Certificate");
      expect(codeOf(() => verifyChain(chain, { ...rules, anchors }))).toBe(
        "CERTIFICATE_ROOT_UNKNOWN",
      );
      expect(codeOf(() => verifyChain(chain.toReversed(), rules))).not.toBe("none");
    }
  });
});

describe.runIf(present)("answers of Intel's PCS", () => {
  const key = () =>
    parseCertificate(read("automata/solana_automata-dcap-framework_tests_data_signing.der"))
      .publicKey;
  const tcbInfo = createSignedJsonReader(tcbInfoSchema);
  const identity = createSignedJsonReader(qeIdentitySchema);

  it.each([
    "automata/evm_forge-test_assets_0625_tcbinfov3_00806f050000.json",
    "automata/evm_forge-test_assets_0625_tcbinfov3_90C06F000000.json",
    "automata/evm_forge-test_assets_0825_sgx_tcbinfov3_00606a000000.json",
    "automata/evm_forge-test_assets_1025_tcb_info.json",
    "automata/solana_automata-dcap-framework_tests_data_tcb_info_v3_sgx.json",
    "automata/solana_automata-dcap-framework_tests_data_tcb_info_v3_with_tdx_module.json",
    "trustee/deps_verifier_test_data_tcbInfo.json",
    "go-tdx-guest/testing_testdata_sample_tcbInfo_response",
  ])("%s is signed as it stands there", (name) => {
    const signed = splitPcsAnswer(text(name), "tcbInfo");
    expect(tcbInfo(signed, key()).tcbLevels.length).toBeGreaterThan(0);
    const changed = signed.text.replace('"tcbEvaluationDataNumber":1', '"tcbEvaluationDataNumber":2');
    expect(codeOf(() => tcbInfo({ ...signed, text: changed }, key()))).toBe("COLLATERAL_INVALID");
  });

  it.each([
    "automata/evm_forge-test_assets_0625_identity.json",
    "automata/evm_forge-test_assets_0625_qe_td.json",
    "automata/evm_forge-test_assets_0825_sgx_qeidentity_v4.json",
    "automata/evm_forge-test_assets_1025_identity.json",
    "automata/solana_automata-dcap-framework_tests_data_qe_identity.json",
    "trustee/deps_verifier_test_data_enclaveIdentity.json",
    "go-tdx-guest/testing_testdata_sample_qeIdentity_response",
  ])("%s is signed as it stands there", (name) => {
    const signed = splitPcsAnswer(text(name), "enclaveIdentity");
    expect(identity(signed, key()).tcbLevels.length).toBeGreaterThan(0);
  });

  it("of version 2 is refused: it knows no TDX and Intel has ended it", () => {
    const name = "automata/evm_forge-test_assets_0625_tcbinfo.json";
    const signed = splitPcsAnswer(text(name), "tcbInfo");
    expect(codeOf(() => tcbInfo(signed, key()))).toBe("COLLATERAL_INVALID");
  });
});

describe.runIf(present)("an event log", () => {
  it("replays to the registers of the quote of its machine", () => {
    const { quote, collateral, at } = readQuoteCase("go-tdx-cos-113-v4-00806f05-oct-2025");
    expect(bytesToHex(quote)).toBe(
      bytesToHex(read("go-tdx-guest/testing_testdata_ccel_cos-113-tdx-quote.dat")),
    );
    const { registers, reportData } = verifyDcapQuote(quote, {
      collateral,
      anchors: [INTEL_SGX_ROOT],
      at,
    });
    const log = replayEventLog(read("go-tdx-guest/testing_testdata_ccel_ccel_data.dat"));
    expect(log.slice(0, 3)).toEqual([registers["rtmr0"], registers["rtmr1"], registers["rtmr2"]]);
    expect(log[3]).toBe("0".repeat(96));
    const nonce = bytesToHex(read("go-tdx-guest/testing_testdata_ccel_nonce.dat"));
    expect(nonce.startsWith(reportData) || reportData.startsWith(nonce)).toBe(true);
  });
});

describe.runIf(present)("trustee's newest quote, with the collateral that lies about", () => {
  const evidence = () => {
    const tcb = splitPcsAnswer(text("trustee/deps_verifier_test_data_tcbInfo.json"), "tcbInfo");
    const qe = splitPcsAnswer(
      text("trustee/deps_verifier_test_data_enclaveIdentity.json"),
      "enclaveIdentity",
    );
    const { collateral } = readQuoteCase("go-tdx-cos-113-v4-00806f05-oct-2025");
    return {
      quote: read("trustee/deps_verifier_test_data_tdx_quote_6.dat"),
      collateral: {
        ...collateral,
        tcb_info: tcb.text,
        tcb_info_signature: tcb.signature,
        qe_identity: qe.text,
        qe_identity_signature: qe.signature,
      },
      at: Date.UTC(2025, 9, 29),
    };
  };

  it("is judged as phala judges it", () => {
    const { quote, collateral, at } = evidence();
    const { tcb } = verifyDcapQuote(quote, { collateral, anchors: [INTEL_SGX_ROOT], at });
    const phala = phalaStatus(quote, { collateral, root: INTEL_SGX_ROOT.certificate, at });
    expect([tcb.status, tcb.evaluationNumber]).toEqual(["OutOfDate", 17]);
    expect(phala).toBe(tcb.status);
  });
});
