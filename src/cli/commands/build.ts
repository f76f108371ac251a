import { defineCommand } from "../command.ts";

export const build = defineCommand({
  name: "build",
  group: "Develop",
  summary: "Build a Cryptlet's folder into the package that an enclave runs",
  description:
    "Bundles the folder of a Cryptlet (cryptlet.json and the source that its main names) into one file, and writes " +
    "cryptlet.json, bundle.js and a source map. The same sources with the same installed " +
    "release give the same bytes, and so the same measurement, on every machine; a checkout, which bundles the SDK " +
    "from its source, may give others. What stood in the output folder under these names is replaced.",
  arguments: [{ name: "folder", help: "Folder that holds cryptlet.json." }],
  options: {
    out: { kind: "text", value: "FOLDER", help: "where to write it; default: dist/cryptlets/<id>" },
  },
  examples: [
    { command: "cryptlet build cryptlets/gold-price", says: "Into dist/cryptlets/gold-price." },
  ],
  run: async ({ args, options, output }) => {
    const path = await import("node:path");
    const { buildPackage, writePackage } =
      await import("../../../enclave-sim/host/build-package.ts");
    const { fabricError } = await import("../../core/errors/fabric-error.ts");
    const built = await buildPackage(args.folder);
    const { id, version } = built.manifest;
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
      data: { id, version, package: folder, bundleBytes: bytes },
      text: [
        `${output.style.bold(folder)}  ${id} ${version}, ${bytes} bytes of code`,
        `cryptlet enclave measure ${folder} says what contracts and verifiers will know it by.`,
      ].join("\n"),
    };
  },
});
