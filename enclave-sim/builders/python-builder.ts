import path from "node:path";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { debianTool, findCommands } from "./find-tool.ts";
import { guestLibrary } from "./guest-library.ts";
import type { PackageBuilder } from "./package-builder.ts";
import { buildFailed, runTool } from "./run-tool.ts";
import { readSources, sourceRoot } from "./source-files.ts";
import { writeZip } from "./write-zip.ts";

const MAIN = "__main__.py";
/** Compiles every file without running it. */
const CHECK = `import sys
for name in sys.argv[1:]:
    with open(name, "rb") as file:
        compile(file.read(), name, "exec", dont_inherit=True)
`;

/**
 * CPython: one zip of the author's modules and the library, which the interpreter runs as it is (PEP 441). Checked by
 * the interpreter's own compiler; no bytecode goes in, because that belongs to one version.
 */
export const pythonBuilder: PackageBuilder = {
  language: "python",
  tools: [debianTool("python3", "python3")],
  build: async (root, manifest, { signal }) => {
    const { folder, main } = sourceRoot(root, manifest, ".py");
    const library = guestLibrary("python");
    const [own, shared] = await Promise.all([
      readSources(folder, ".py"),
      readSources(library, ".py"),
    ]);
    const modules = own.map(({ name, bytes }) => ({ name: name === main ? MAIN : name, bytes }));
    const files = [...modules, ...shared].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const twice = files.find(({ name }, at) => files[at + 1]?.name === name);
    if (twice)
      throw fabricError("PACKAGE_BUILD_FAILED", {
        path: root,
        faults: `the name ${twice.name} is taken`,
      });
    const [python = "python3"] = findCommands("python3");
    const paths = own.map(({ name }) => name);
    await runTool(python, ["-I", "-S", "-B", "-c", CHECK, ...paths], {
      cwd: folder,
      signal,
    }).catch((error: unknown) => {
      throw buildFailed(root, error, [path.dirname(library), root]);
    });
    return { bundle: writeZip(files) };
  },
};
