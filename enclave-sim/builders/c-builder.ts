import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { inBuildFolder } from "./build-folder.ts";
import { debianTool } from "./find-tool.ts";
import type { PackageBuilder } from "./package-builder.ts";
import { runTool } from "./run-tool.ts";

const clang = debianTool("clang", "clang");
const linker = debianTool("wasm-ld", "lld");

/** Bytes of the stack in linear memory; below the data, so that an overflow leaves the memory instead of writing on. */
const STACK_BYTES = 131_072;

const FLAGS = [
  "--target=wasm32-unknown-unknown",
  "-std=c17",
  "-ffreestanding",
  "-nostdlib",
  "-O2",
  "-Wall",
  "-Wno-unused-function",
  "-I../cryptlet",
  "-Wl,--no-entry",
  "-Wl,--strip-all",
  "-Wl,--stack-first",
  `-Wl,-z,stack-size=${STACK_BYTES}`,
];

/** clang without a C library: every .c file beside the main one is compiled, the guest library is one header. */
export const cBuilder: PackageBuilder = {
  language: "c",
  tools: [clang, linker],
  build: (root, manifest, { signal }) =>
    inBuildFolder(root, { language: "c", endings: [".c", ".h"] }, async ({ app, scratch }) => {
      const compiler = await clang.locate({ signal });
      const folder = path.posix.dirname(manifest.main);
      const names = await readdir(path.join(app, folder));
      const sources = names.filter((name) => name.endsWith(".c")).toSorted();
      const inputs = sources.map((name) => path.posix.join(folder, name));
      const output = path.join(scratch, "bundle.wasm");
      await runTool(compiler, [...FLAGS, "-o", output, ...inputs], { cwd: app, signal });
      return { bundle: new Uint8Array(await readFile(output)) };
    }),
};
