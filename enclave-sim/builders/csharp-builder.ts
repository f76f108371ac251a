import { readFile } from "node:fs/promises";
import path from "node:path";
import { debianTool, findCommands } from "./find-tool.ts";
import { guestLibrary } from "./guest-library.ts";
import { inTemporaryFolder } from "./in-temporary-folder.ts";
import type { PackageBuilder } from "./package-builder.ts";
import { buildFailed, runTool } from "./run-tool.ts";
import { sourcePaths, sourceRoot } from "./source-files.ts";

/** Also the assembly's name, which is in its bytes. */
const OUTPUT = "bundle.exe";
/** Overflow is an exception: a price that wraps around is worse than none. */
const OPTIONS = ["-nologo", "-target:exe", "-optimize+", "-checked+", "-debug-", "-codepage:utf8"];

/**
 * C#: Mono's compiler, the one that Debian brings. It writes neither a time nor a random module id (MVID), so the same
 * sources are the same bytes; a test holds it.
 */
export const csharpBuilder: PackageBuilder = {
  language: "csharp",
  tools: [debianTool("mcs", "mono-mcs"), debianTool("mono", "mono-runtime")],
  build: (root, manifest, { signal }) =>
    inTemporaryFolder(async (out) => {
      const { folder } = sourceRoot(root, manifest, ".cs");
      const library = guestLibrary("csharp");
      const files = [...(await sourcePaths(library, ".cs")), ...(await sourcePaths(folder, ".cs"))];
      const [mcs = "mcs"] = findCommands("mcs");
      // It keeps a cache of its own in the home folder if there is one.
      const env = { HOME: out, TMPDIR: out };
      await runTool(mcs, [...OPTIONS, `-out:${OUTPUT}`, ...files], { cwd: out, signal, env }).catch(
        (error: unknown) => {
          throw buildFailed(root, error, [path.dirname(library), root, out]);
        },
      );
      return { bundle: new Uint8Array(await readFile(path.join(out, OUTPUT))) };
    }),
};
