import { defineCommand } from "../command.ts";

export const envelopeVerify = defineCommand({
  name: "envelope verify",
  group: "Trust",
  summary: "Check a bundle offline, step by step",
  description:
    "Checks signatures, signers, both forms, evidence, source modes, time and order of one bundle without any " +
    "network, and says for each step what was found, by which key, and what was not checked. " +
    "Nobody is trusted by default: name keys with --key, or a whole policy with --trust.",
  arguments: [{ name: "file", help: "Bundle JSON; - reads standard input." }],
  options: {
    trust: {
      kind: "text",
      value: "FILE",
      help: "trust file: { policy, appraisal, … } as JSON (docs/cli.md)",
    },
    key: {
      kind: "list",
      value: "KEY",
      help: "trusted key: a PEM file, or the keyid of a key in the bundle; repeatable",
    },
    at: { kind: "time", value: "TIME", help: "judge for this time instead of now" },
    previous: {
      kind: "text",
      value: "FILE",
      help: "bundle of the last round that you accepted: refuses a replay and a broken chain",
    },
    insecureAllowSimulated: {
      kind: "flag",
      help: "accept a SIMULATED enclave, by its evidence or its own receipt: it protects against nobody on its machine",
    },
    insecureAllowEmulated: {
      kind: "flag",
      help: "accept values of the provider emulator, which are made up",
    },
  },
  examples: [
    {
      command: "cryptlet envelope verify bundle.json --key signer.pem",
      says: "Does it hold, signed by this key?",
    },
    {
      command: "cryptlet envelope verify bundle.json --trust trust.json --at 2026-05-01T16:00:00Z",
      says: "Would it have held at that time, under that policy?",
    },
  ],
  exits: {
    3: "the file cannot be read",
    10: "no signature",
    11: "a signature is wrong",
    12: "no trusted signer",
    13: "evidence, measurement, simulation or emulation refused",
    14: "the parts do not belong together",
    15: "stale or replayed",
  },
  run: async ({ args, options, output, signal }) => {
    const { verifyFile } = await import("../verify-file.ts");
    const { formatReport } = await import("../verification-text.ts");
    const { errorCatalogue } = await import("../../core/errors/catalogue.ts");
    const at = options.at ?? Date.now();
    const report = await verifyFile(args.file, { ...options, at, signal });
    const result = { data: { ...report, at }, text: formatReport(report, at, output.style) };
    if (report.code === null) return result;
    const step = report.steps.find(({ code }) => code === report.code);
    const { hint } = errorCatalogue[report.code];
    const message = `step ${step?.step ?? "?"}: ${step?.detail ?? "failed"}`;
    return { ...result, failure: { code: report.code, message, hint } };
  },
});
