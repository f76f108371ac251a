import { defineCommand } from "../command.ts";

export const enclaveEvidence = defineCommand({
  name: "enclave evidence",
  group: "Trust",
  summary: "Get fresh evidence of an enclave's keys, bound to a nonce",
  description:
    "Asks the fabric at --url, or loads a package once in an enclave of its own, and gives an evidence document: quote, " +
    "collateral, measurement log, keys and what they are registered for. Nothing is verified; cryptlet enclave " +
    "appraise does that.",
  arguments: [
    {
      name: "package",
      help: "Folder of a package; without it, the fabric at --url.",
      optional: true,
    },
  ],
  options: {
    nonce: {
      kind: "text",
      value: "HEX",
      help: "32 bytes that the evidence must bind; random without",
    },
    cryptlet: { kind: "text", value: "ID", help: "which Cryptlet of the fabric" },
    out: { kind: "text", value: "FILE", help: "write the document to a new file" },
    anchorOut: {
      kind: "text",
      value: "FILE",
      help: "write the root that the evidence names, in PEM; believing it is another matter",
    },
  },
  examples: [
    {
      command: "cryptlet enclave evidence dist/cryptlets/gold-price --out evidence.json",
      says: "Evidence of a package, with keys that are thrown away.",
    },
    {
      command: "cryptlet enclave evidence --url http://127.0.0.1:8600 --cryptlet gold-price",
      says: "Fresh evidence of a running fabric.",
    },
  ],
  exits: { 3: "no such Cryptlet", 5: "nothing answers at --url", 13: "the nonce is not bound" },
  run: async ({ args, options, global, output, signal }) => {
    const { makeEvidence } = await import("../make-evidence.ts");
    return makeEvidence(args.package, { ...options, url: global.url, style: output.style, signal });
  },
});
