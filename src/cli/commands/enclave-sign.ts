import { defineCommand } from "../command.ts";

export const enclaveSign = defineCommand({
  name: "enclave sign",
  group: "Develop",
  summary: "Sign a package as its publisher (SIGSTRUCT)",
  description:
    "Measures a built package and writes sigstruct.bin beside its manifest: the publisher's RSA signature over the " +
    "measurement, as SGX defines it. The key's digest becomes MRSIGNER in the evidence. A package that nobody signed " +
    "runs in debug mode.",
  arguments: [{ name: "package", help: "Folder of a built package." }],
  options: {
    key: {
      kind: "text",
      value: "FILE",
      help: "PEM of an RSA key, 3072 bits, exponent 3",
      required: true,
    },
    createKey: { kind: "flag", help: "make the key and write it to --key, which must not exist" },
    svn: {
      kind: "integer",
      value: "NUMBER",
      help: "security version; a newer one opens what an older one sealed",
      minimum: 0,
      maximum: 65_535,
      default: 1,
    },
    prodId: {
      kind: "integer",
      value: "NUMBER",
      help: "number of the product among the publisher's",
      minimum: 0,
      maximum: 65_535,
      default: 1,
    },
  },
  examples: [
    {
      command: "cryptlet enclave sign dist/cryptlets/gold-price --key publisher.pem --create-key",
      says: "Sign with a new key; keep it.",
    },
  ],
  exits: { 3: "a file cannot be read", 13: "the key is not of the kind that SGX asks for" },
  run: async ({ args, options, output, signal }) => {
    const { signPackage } = await import("../sign-package.ts");
    return signPackage(args.package, { ...options, style: output.style, signal });
  },
});
