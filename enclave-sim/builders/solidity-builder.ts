import { createRequire } from "node:module";
import path from "node:path";
import { z } from "zod";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { npmTool } from "./find-tool.ts";
import { guestLibrary } from "./guest-library.ts";
import type { PackageBuilder } from "./package-builder.ts";
import { readSources, sourceRoot, type SourceFile } from "./source-files.ts";

/** What the author imports the library as: `import {Cryptlet} from "cryptlet/Cryptlet.sol";`. */
const LIBRARY = "cryptlet";

const SETTINGS = {
  optimizer: { enabled: true, runs: 200 },
  viaIR: true,
  // Older than the machine's rules, so that no instruction is made that it lacks.
  evmVersion: "cancun",
  // The same bytes on every machine: no hash of paths and comments behind the code.
  metadata: { bytecodeHash: "none", appendCBOR: false },
  outputSelection: { "*": { "*": ["evm.deployedBytecode"] } },
};

/** The part of solc's standard JSON output that is read. */
const outputSchema = z.object({
  errors: z
    .array(z.object({ severity: z.string(), formattedMessage: z.string().default("") }))
    .default([]),
  contracts: z
    .record(
      z.string(),
      z.record(
        z.string(),
        z.object({
          evm: z.object({
            deployedBytecode: z.object({
              object: z.string(),
              immutableReferences: z.record(z.string(), z.unknown()).default({}),
            }),
          }),
        }),
      ),
    )
    .default({}),
});

const require = createRequire(import.meta.url);
const decoder = new TextDecoder();
const contentsOf = (files: readonly SourceFile[], folder: string) =>
  files.map(
    ({ name, bytes }) => [`${folder}/${name}`, { content: decoder.decode(bytes) }] as const,
  );

/** Solidity: runtime code of the contract that has its file's name. solc comes from npm, an optional peer. */
export const solidityBuilder: PackageBuilder = {
  language: "solidity",
  tools: [npmTool("solc")],
  build: async (root, manifest) => {
    const { folder, main } = sourceRoot(root, manifest, ".sol");
    const [own, shared] = await Promise.all([
      readSources(folder, ".sol"),
      readSources(guestLibrary("solidity"), ".sol"),
    ]);
    const sources = Object.fromEntries([...contentsOf(own, "src"), ...contentsOf(shared, LIBRARY)]);
    // 9 MB of compiler that blocks this thread: loaded and run only for a build.
    const { compile } = require("solc") as { compile(input: string): string };
    const input = { language: "Solidity", sources, settings: SETTINGS };
    const output = outputSchema.parse(JSON.parse(compile(JSON.stringify(input))));
    const failed = (faults: string) =>
      fabricError("PACKAGE_BUILD_FAILED", { path: root, faults: faults.slice(0, 1_900) });
    const faults = output.errors.filter(({ severity }) => severity === "error");
    if (faults.length > 0)
      throw failed(faults.map(({ formattedMessage }) => formattedMessage.trim()).join("\n"));
    const contract = output.contracts[`src/${main}`]?.[path.basename(main, ".sol")];
    const { object = "", immutableReferences = {} } = contract?.evm.deployedBytecode ?? {};
    if (!/^(?:[0-9a-f]{2})+$/.test(object))
      throw failed(`${main} holds no contract ${path.basename(main, ".sol")} that can be run`);
    if (Object.keys(immutableReferences).length > 0)
      throw failed("a Cryptlet has no constructor, so nothing in it is immutable");
    return { bundle: new Uint8Array(Buffer.from(object, "hex")) };
  },
};
