import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { inBuildFolder } from "./build-folder.ts";
import { debianTool, versionOf } from "./find-tool.ts";
import type { PackageBuilder } from "./package-builder.ts";
import { runTool } from "./run-tool.ts";

const TARGET = "wasm32-unknown-unknown";

/** What rustup's own rustc needs to find its tool chain; Debian's needs nothing. */
const environment = (): Record<string, string> => {
  const wanted = ["HOME", "RUSTUP_HOME", "CARGO_HOME"];
  return Object.fromEntries(
    wanted.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
};

/** Only a rustc whose standard library for the target is there. */
const checkTarget = async (file: string, signal: AbortSignal): Promise<string | null> => {
  const { stdout } = await runTool(file, ["--print", "target-libdir", "--target", TARGET], {
    cwd: "/",
    signal,
    env: environment(),
    timeoutMs: 20_000,
  });
  const libraries = await readdir(stdout.trim());
  return libraries.some((name) => name.startsWith("libstd-")) ? versionOf(file, signal) : null;
};

const rustc = debianTool("rustc", "rustc libstd-rust-dev-wasm32", checkTarget);

const FLAGS = [
  "--edition=2021",
  `--target=${TARGET}`,
  "-Copt-level=s",
  "-Cpanic=abort",
  "-Ccodegen-units=1",
  "-Cdebuginfo=0",
];

const crate = (type: string, name: string): readonly string[] => [
  ...FLAGS,
  `--crate-type=${type}`,
  `--crate-name=${name}`,
];

/** rustc alone, without cargo and without crates but the guest library: nothing is fetched. */
export const rustBuilder: PackageBuilder = {
  language: "rust",
  tools: [rustc],
  build: (root, manifest, { signal }) =>
    inBuildFolder(root, { language: "rust", endings: [".rs"] }, async ({ app, scratch }) => {
      const compiler = await rustc.locate({ signal });
      const options = { cwd: app, signal, env: environment() };
      const library = path.join(scratch, "libcryptlet.rlib");
      const output = path.join(scratch, "bundle.wasm");
      await runTool(
        compiler,
        [...crate("rlib", "cryptlet"), "../cryptlet/src/lib.rs", "-o", library],
        options,
      );
      const linking = ["-Cstrip=symbols", "-Clto=fat", "--extern", `cryptlet=${library}`];
      await runTool(
        compiler,
        [...crate("cdylib", "bundle"), ...linking, manifest.main, "-o", output],
        options,
      );
      return { bundle: new Uint8Array(await readFile(output)) };
    }),
};
