import path from "node:path";
import { debianTool, findCommands, versionOf } from "./find-tool.ts";
import { guestLibrary } from "./guest-library.ts";
import { inTemporaryFolder } from "./in-temporary-folder.ts";
import type { PackageBuilder } from "./package-builder.ts";
import { buildFailed, runTool } from "./run-tool.ts";
import { readSources, sourcePaths, sourceRoot } from "./source-files.ts";
import { writeZip } from "./write-zip.ts";

const DEBIAN_PACKAGE = "default-jdk-headless";
/** The oldest release that Debian still brings; newer machines run its classes. */
const RELEASE = "17";
/** Names of files and lines for stack traces, no local variables. */
const OPTIONS = ["-g:source,lines", "-proc:none", "-implicit:none", "-encoding", "UTF-8"];

/** Java: classes of javac in a jar that the fabric writes itself, so that it holds no times. */
export const javaBuilder: PackageBuilder = {
  language: "java",
  tools: [
    debianTool("javac", DEBIAN_PACKAGE),
    debianTool("java", DEBIAN_PACKAGE, (file, signal) => versionOf(file, signal, "--version")),
  ],
  build: (root, manifest, { signal }) =>
    inTemporaryFolder(async (out) => {
      const { folder, main } = sourceRoot(root, manifest, ".java");
      const library = guestLibrary("java");
      const files = [
        ...(await sourcePaths(library, ".java")),
        ...(await sourcePaths(folder, ".java")),
      ];
      const [javac = "javac"] = findCommands("javac");
      await runTool(javac, ["--release", RELEASE, ...OPTIONS, "-d", out, ...files], {
        cwd: out,
        signal,
      }).catch((error: unknown) => {
        throw buildFailed(root, error, [path.dirname(library), root, out]);
      });
      const mainClass = path.basename(main, ".java");
      const jarManifest = `Manifest-Version: 1.0\r\nMain-Class: ${mainClass}\r\n\r\n`;
      const classes = await readSources(out, ".class");
      const first = {
        name: "META-INF/MANIFEST.MF",
        bytes: new TextEncoder().encode(jarManifest),
      };
      return { bundle: writeZip([first, ...classes]) };
    }),
};
