import { PURPOSES } from "../../attestation/purposes.ts";
import { defineCommand } from "../command.ts";

export const enclaveAppraise = defineCommand({
  name: "enclave appraise",
  group: "Trust",
  summary: "Judge evidence of an enclave: genuine, current, and the code that you expect?",
  description:
    "Takes an SGX or TDX quote, an AWS Nitro document, an AMD SEV-SNP report (bytes, hex or base64), an evidence " +
    "document or a bundle, and checks it, offline unless --fetch is given, against the vendors' roots as of --at. Without --policy it judges " +
    "authenticity, debug mode, simulation and TCB only, and not which code runs.",
  arguments: [{ name: "file", help: "Evidence; - reads standard input." }],
  options: {
    collateral: {
      kind: "text",
      value: "FILE",
      help: "JSON: Intel's PCS data, or { certificates, crls } for SEV-SNP (docs/cli.md)",
    },
    fetch: {
      kind: "flag",
      help: "ask Intel's PCS or AMD's KDS for collateral that neither flag nor evidence brings",
    },
    collateralCache: { kind: "text", value: "FOLDER", help: "keep what --fetch got here" },
    policy: { kind: "text", value: "FILE", help: "appraisal policy as JSON (docs/cli.md)" },
    at: { kind: "time", value: "TIME", help: "judge as of this time instead of now" },
    nonce: { kind: "text", value: "HEX", help: "the evidence must bind this nonce of yours" },
    purpose: {
      kind: "choice",
      value: "PURPOSE",
      choices: PURPOSES,
      default: "register",
      help: "what a document must have been made for",
    },
    anchor: {
      kind: "text",
      value: "FILE",
      help: "PEM of one more root; it counts as SIMULATED and needs the next flag",
    },
    insecureSimulatedAnchor: {
      kind: "flag",
      help: "load --anchor, behind which no hardware stands; a policy must still allow it",
    },
  },
  examples: [
    {
      command: "cryptlet enclave appraise quote.bin --collateral collateral.json",
      says: "Is it a genuine quote of a platform that is up to date?",
    },
    {
      command:
        "cryptlet enclave appraise bundle.json --policy policy.json --at 2026-05-01T16:00:00Z",
      says: "Would this policy have accepted the evidence in a bundle at that time?",
    },
  ],
  exits: {
    3: "a file cannot be read",
    5: "with --fetch: the vendor's service gave no collateral",
    13: "the evidence is refused",
  },
  run: async ({ args, options, output, signal }) => {
    const { appraiseFile } = await import("../appraise-file.ts");
    const { formatAppraisal } = await import("../appraisal-text.ts");
    const { errorCatalogue } = await import("../../core/errors/catalogue.ts");
    const at = options.at ?? Date.now();
    const appraisal = await appraiseFile(args.file, { ...options, at, signal });
    const { refusal, data } = appraisal;
    const result = { data, text: formatAppraisal(data, output.style) };
    if (refusal === null) return result;
    const { code, message } = refusal;
    return { ...result, failure: { code, message, hint: errorCatalogue[code].hint } };
  },
});
