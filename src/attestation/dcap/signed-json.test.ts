import { describe, expect, it } from "vitest";
import { codeOf } from "../../../test/support/code-of.ts";
import { worldCertificate, worldEvidence, worldKeys } from "../../../test/support/quote-world.ts";
import { bytesToHex } from "../../crypto/bytes.ts";
import { parseCertificate } from "../x509/certificate.ts";
import { createSignedJsonReader, splitPcsAnswer } from "./signed-json.ts";
import { tcbInfoSchema } from "./tcb-info.ts";

const { collateral } = worldEvidence();
const signed = {
  part: "tcb_info",
  text: collateral.tcb_info,
  signature: collateral.tcb_info_signature,
} as const;
const key = parseCertificate(worldCertificate("signing")).publicKey;

describe("signed JSON", () => {
  const read = createSignedJsonReader(tcbInfoSchema);
  const refusal = (change: Partial<typeof signed> | { text: string }) =>
    codeOf(() => read({ ...signed, ...change }, key));

  it("is read once and remembered under its signer", () => {
    expect(read(signed, key)).toMatchObject({ id: "SGX", fmspc: "53494d000000" });
    expect(read(signed, key)).toBe(read({ ...signed }, key));
    const other = parseCertificate(worldCertificate("pck")).publicKey;
    expect(codeOf(() => read(signed, other))).toBe("COLLATERAL_INVALID");
  });

  it("is refused with another text, signature or form", () => {
    expect(refusal({ text: `${signed.text} ` })).toBe("COLLATERAL_INVALID");
    expect(refusal({ signature: signed.signature.slice(2) })).toBe("COLLATERAL_INVALID");
    expect(refusal({ signature: `0x${signed.signature.slice(2)}` })).toBe("COLLATERAL_INVALID");
    for (const text of ["", "{", "[]", "1", `{"a":${"[".repeat(100)}${"]".repeat(100)}}`]) {
      const signature = bytesToHex(worldKeys.signing.sign(new TextEncoder().encode(text)));
      expect(codeOf(() => read({ part: "tcb_info", text, signature }, key))).toBe(
        "COLLATERAL_INVALID",
      );
    }
    expect(refusal({ text: "x".repeat(1_048_577) })).toBe("COLLATERAL_INVALID");
  });
});

describe("an answer of a PCS", () => {
  const body = `{"tcbInfo":${signed.text},"signature":"${signed.signature}"}`;
  const refusal = (text: string) => codeOf(() => splitPcsAnswer(text, "tcbInfo"));

  it("is cut at its seams, not parsed", () => {
    expect(splitPcsAnswer(body, "tcbInfo")).toEqual(signed);
    expect(splitPcsAnswer(`${body}\n`, "tcbInfo")).toEqual(signed);
    const identity = `{"enclaveIdentity":${collateral.qe_identity},"signature":"${collateral.qe_identity_signature}"}`;
    expect(splitPcsAnswer(identity, "enclaveIdentity")).toMatchObject({
      part: "qe_identity",
      text: collateral.qe_identity,
    });
  });

  it.each([
    ["nothing", ""],
    ["another member", body.replace("tcbInfo", "other")],
    ["no signature", `{"tcbInfo":${signed.text}}`],
    ["a short signature", body.replace(/..("\})$/, "$1")],
    ["something behind it", `${body}x`],
    [
      "the members the other way round",
      `{"signature":"${signed.signature}","tcbInfo":${signed.text}}`,
    ],
  ])("is refused as %s", (_, text) => {
    expect(refusal(text)).toBe("COLLATERAL_INVALID");
  });
});
