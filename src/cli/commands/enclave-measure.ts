import { fabricError } from "../../core/errors/fabric-error.ts";
import { defineCommand } from "../command.ts";

export const enclaveMeasure = defineCommand({
  name: "enclave measure",
  group: "Trust",
  summary: "Measure a Cryptlet, or the host: the digest of the exact code that would run",
  description:
    "Reads a built package, or builds one from its source folder, and prints the measurement with the log it is made " +
    "of. The same code gives the same measurement on every machine, so that a stranger can compare it with the one in " +
    "an envelope. --host measures this installation instead: what a host that runs the same release on the same version " +
    "of Node shows to cryptlet enclave connect and at its attested endpoint, for a policy about hosts.",
  arguments: [
    { name: "package", help: "Folder of a built package or of its source.", optional: true },
  ],
  options: {
    host: { kind: "flag", help: "measure the host itself instead of a package" },
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
    {
      command: "cryptlet enclave measure --host",
      says: "What an attested endpoint of this release shows.",
    },
  ],
  exits: { 13: "the measurement is not the expected one" },
  run: async ({ args, options, output, signal }) => {
    if (options.host === (args.package !== undefined))
      throw fabricError("USAGE_INVALID", { fault: "name a package folder, or --host without one" });
    if (args.package === undefined) {
      const { measureHost } = await import("../measure-host.ts");
      return measureHost({ ...options, style: output.style, signal });
    }
    const { measurePackageFolder } = await import("../measure-package.ts");
    return measurePackageFolder(args.package, { ...options, style: output.style, signal });
  },
});
