import { defineCommand } from "../command.ts";

export const build = defineCommand({
  name: "build",
  group: "Develop",
  summary: "Build a Cryptlet's folder into the package that an enclave runs",
  description:
    "Builds the folder of a Cryptlet (cryptlet.json and the source that its main names) into one file, with the builder " +
    "of its language, and writes cryptlet.json, the code (bundle.js, bundle.wasm, …) and, where there is one, a source " +
    "map, which is not measured. In TypeScript and JavaScript everything that a run could not repeat is refused, with " +
    "the place in the source, in own code and in packages alike. Prints digest, measurement, sizes, what it may touch " +
    "and how much it may use. The same sources with the same tools give the same bytes in every folder and on every " +
    "Node. Compilers are run with an environment of their own; cryptlet doctor lists them. The package that stood in " +
    "the output folder stays whole until the new one is on the disk. Types are not checked: that is for tsc in your " +
    "own editor or build.",
  arguments: [
    { name: "folder", help: "Folder that holds cryptlet.json; default: here.", optional: true },
  ],
  options: {
    out: { kind: "text", value: "FOLDER", help: "where to write it; default: dist/cryptlets/<id>" },
    check: { kind: "flag", help: "build and check, and write nothing" },
  },
  examples: [
    { command: "cryptlet build cryptlets/gold-price", says: "Into dist/cryptlets/gold-price." },
    {
      command: "cryptlet build --check --json | jq .data.measurement",
      says: "Of this folder, without writing.",
    },
    {
      command: "cryptlet build cryptlets/gold-median/rust --out /tmp/gold-median",
      says: "WebAssembly from Rust, checked as the enclave will check it.",
    },
  ],
  exits: { 5: "a tool of the Cryptlet's language is missing" },
  run: async ({ args, options, output, signal }) => {
    const { buildFolder } = await import("../build/build-folder.ts");
    return buildFolder(args.folder ?? ".", { ...options, style: output.style, signal });
  },
});
