import { describe, expect, test } from "vitest";
import { AWS_NITRO_ROOT } from "../../../src/attestation/nitro/aws-root.ts";
import { verifyNitroDocument } from "../../../src/attestation/nitro/verify-nitro-document.ts";
import { pemBlocks } from "../../../src/attestation/x509/pem-chain.ts";
import { bytesToHex } from "../../../src/crypto/bytes.ts";
import { codeOf } from "../../support/code-of.ts";
import { haveSharedEvidence, readSharedEvidence } from "../../support/shared-evidence.ts";

const FOLDER = "evervault-nitro";
const read = (name: string) => readSharedEvidence(FOLDER, name);
const base64 = (bytes: Uint8Array) =>
  new Uint8Array(Buffer.from(Buffer.from(bytes).toString("utf8"), "base64"));
const at = (text: string) => ({ anchors: [AWS_NITRO_ROOT], at: Date.parse(text) });

describe.runIf(haveSharedEvidence("AWS Nitro documents"))("real AWS Nitro documents", () => {
  const valid = () => read("test-data_beta_valid-attestation-doc-bytes");

  test("the root here is AWS's, byte for byte", () => {
    const [root] = pemBlocks(
      Buffer.from(read("attestation-doc-validation_src_nitro.pem")).toString("utf8"),
    );
    expect(bytesToHex(AWS_NITRO_ROOT.certificate)).toBe(bytesToHex(root ?? new Uint8Array()));
  });

  test("a valid document gives its claims", () => {
    const { claims, nonce, issuedAt, publicKey } = verifyNitroDocument(
      valid(),
      at("2022-10-13T09:00:00Z"),
    );
    expect(claims).toMatchObject({
      tee: "nitro",
      simulated: false,
      debug: false,
      platform: "i-020b6af9246d90e92-enc0183d09086c24190",
      tcb: { status: null, advisories: [], evaluationNumber: null },
      reportData: "0".repeat(128),
    });
    expect(claims.measurement).toMatch(/^f4d48b81a460c991/);
    expect(claims.signer).toMatch(/^8790eb3cce6c83d0/);
    expect(claims.registers["pcr0"]).toBe(claims.measurement);
    expect(nonce).toHaveLength(512);
    expect(publicKey).toBeNull();
    expect(new Date(issuedAt).toISOString()).toBe("2022-10-13T08:58:02.136Z");
    expect(new Date(claims.validUntil).toISOString()).toBe("2022-10-13T11:58:02.000Z");
  });

  test("documents of enclaves in debug mode are authentic and say so", () => {
    const beta = verifyNitroDocument(
      read("test-data_beta_debug-mode-attestation-doc-bytes"),
      at("2022-10-12T14:00:00Z"),
    );
    expect(beta.claims.debug).toBe(true);
    expect(beta.publicKey).toBe(Buffer.from("my super secret key").toString("hex"));
    expect(beta.claims.reportData.startsWith(Buffer.from("hello, world!").toString("hex"))).toBe(
      true,
    );
    // The project that it comes from calls this one valid: all of its PCRs are zero.
    const ga = verifyNitroDocument(
      base64(read("test-data_valid-attestation-doc-base64")),
      at("2023-09-18T15:04:00Z"),
    );
    expect(ga.claims.debug).toBe(true);
    // More user data than report data has: longer text, so that it equals no 64 bytes.
    expect(ga.claims.reportData).toHaveLength(182);
  });

  test.each([
    ["2022-10-13T08:57:00Z", "CERTIFICATE_EXPIRED"],
    ["2022-10-13T11:58:03Z", "CERTIFICATE_EXPIRED"],
    ["2026-01-01T00:00:00Z", "CERTIFICATE_EXPIRED"],
  ])("at %s it is refused with %s", (time, code) => {
    expect(codeOf(() => verifyNitroDocument(valid(), at(time)))).toBe(code);
  });

  test("without AWS's root nothing is believed", () => {
    const when = Date.parse("2022-10-13T09:00:00Z");
    for (const anchors of [[], [{ ...AWS_NITRO_ROOT, vendor: "amd" as const }]])
      expect(codeOf(() => verifyNitroDocument(valid(), { anchors, at: when }))).toBe(
        "CERTIFICATE_ROOT_UNKNOWN",
      );
  });
});
