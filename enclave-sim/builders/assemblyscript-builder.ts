import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { inBuildFolder } from "./build-folder.ts";
import { npmTool } from "./find-tool.ts";
import type { PackageBuilder } from "./package-builder.ts";
import { runTool } from "./run-tool.ts";

const compiler = npmTool("assemblyscript");

const ENTRY = "cryptlet-entry.ts";
/** The ABI's exports must stand in the file that the compiler begins with. */
const entryOf = (main: string): string =>
  [
    'import { allocate, handle } from "cryptlet";',
    `import { run } from ${JSON.stringify(`./${main.replace(/\.ts$/, "")}`)};`,
    "export function cryptlet_abi(): i32 { return 1; }",
    "export function cryptlet_alloc(length: i32): usize { return allocate(length); }",
    "export function cryptlet_handle(pointer: usize, length: i32): i32 {",
    "  return handle(pointer, length, run);",
    "}",
    "",
  ].join("\n");

const FLAGS = [
  "--lib=../cryptlet",
  "--runtime=stub",
  "--optimizeLevel=3",
  "--shrinkLevel=1",
  "--noAssert",
  "--exportStart=_initialize",
  // A trap in place of an import that would print.
  "--use=abort=",
  "--disable=simd,threads,reference-types,gc",
];

/** asc of the npm package assemblyscript. The main file exports `run(trigger: Json): string`. */
export const assemblyscriptBuilder: PackageBuilder = {
  language: "assemblyscript",
  tools: [compiler],
  build: (root, manifest, { signal }) => {
    const sources = { language: "assemblyscript", endings: [".ts"] };
    return inBuildFolder(root, sources, async ({ app, scratch }) => {
      await writeFile(path.join(app, ENTRY), entryOf(manifest.main));
      const asc = compiler.locate("bin/asc.js");
      const output = path.join(scratch, "bundle.wasm");
      const relative = path.relative(app, output);
      await runTool(process.execPath, [asc, ENTRY, "-o", relative, ...FLAGS], { cwd: app, signal });
      return { bundle: new Uint8Array(await readFile(output)) };
    });
  },
};
