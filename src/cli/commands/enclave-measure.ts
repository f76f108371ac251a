import { defineCommand } from "../command.ts";

export const enclaveMeasure = defineCommand({
  name: "enclave measure",
  group: "Trust",
  summary: "Measure a Cryptlet: the digest of the exact code that would run",
  description:
    "Reads a built package, or builds one from its source folder, and prints the measurement with the log it is made " +
    "of. The same code gives the same measurement on every machine, so that a stranger can compare it with the one in " +
    "an envelope.",
  arguments: [{ name: "package", help: "Folder of a built package or of its source." }],
  options: {
    expect: {
      kind: "text",
      value: "DIGEST",
      help: "end with 13 unless the measurement is this one",
    },
  },
  examples: [
    {
      command: "cryptlet enclave measure dist/cryptlets/gold-price",
      says: "The measurement that envelopes of this package carry.",
    },
  ],
  exits: { 13: "the measurement is not the expected one" },
  run: async ({ args, options, output, signal }) => {
    const { measurePackageFolder } = await import("../measure-package.ts");
    return measurePackageFolder(args.package, { ...options, style: output.style, signal });
  },
});
