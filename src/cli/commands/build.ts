import { defineCommand } from "../command.ts";

export const build = defineCommand({
  name: "build",
  group: "Develop",
  summary: "Build a Cryptlet's folder into the package that an enclave runs",
  description:
    "Builds the folder of a Cryptlet (cryptlet.json and the source that its main names) into one file, with the builder " +
    "of its language, and writes cryptlet.json, the code (bundle.js, bundle.wasm, …) and, where there is one, a source " +
    "map. The same sources with the same tools and the same installed release give the same bytes, and so the same " +
    "measurement, in every folder; a checkout, which bundles the SDK from its source, may give others. Compilers are " +
    "run with an environment of their own; cryptlet doctor lists them. What stood in the output folder under these " +
    "names is replaced. Types are not checked: that is for tsc in your own editor or build.",
  arguments: [{ name: "folder", help: "Folder that holds cryptlet.json." }],
  options: {
    out: { kind: "text", value: "FOLDER", help: "where to write it; default: dist/cryptlets/<id>" },
  },
  examples: [
    { command: "cryptlet build cryptlets/gold-price", says: "Into dist/cryptlets/gold-price." },
    {
      command: "cryptlet build cryptlets/gold-median/rust --out /tmp/gold-median",
      says: "WebAssembly from Rust, checked as the enclave will check it.",
    },
  ],
  exits: { 5: "a tool of the Cryptlet's language is missing" },
  run: async ({ args, options, output, signal }) => {
    const path = await import("node:path");
    const { buildPackage, writePackage } =
      await import("../../../enclave-sim/host/build-package.ts");
    const { fabricError } = await import("../../core/errors/fabric-error.ts");
    const built = await buildPackage(args.folder, { signal });
    const { id, version, lane, language } = built.manifest;
    const folder = options.out ?? path.join("dist", "cryptlets", id);
    if (path.resolve(folder) === path.resolve(args.folder))
      throw fabricError("USAGE_INVALID", { fault: "--out must be another folder than the source" });
    await writePackage(built, folder).catch((error: Error) => {
      throw fabricError(
        "FILE_UNWRITABLE",
        { file: folder, reason: error.message },
        { cause: error },
      );
    });
    const bytes = built.bundle.length;
    return {
      data: { id, version, lane, language, package: folder, bundleBytes: bytes },
      text: [
        `${output.style.bold(folder)}  ${id} ${version}, ${bytes} bytes of code`,
        `cryptlet enclave measure ${folder} says what contracts and verifiers will know it by.`,
      ].join("\n"),
    };
  },
});
