import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { inBuildFolder } from "./build-folder.ts";
import { debianTool, versionOf } from "./find-tool.ts";
import type { PackageBuilder } from "./package-builder.ts";
import { runTool } from "./run-tool.ts";

const go = debianTool("go", "golang-go", (file, signal) => versionOf(file, signal, "version"));

/** A module of its own around the sources; the guest library lies beside it and nothing is fetched. */
const MODULE = [
  "module cryptlet.local/app",
  "go 1.19",
  "require cryptlet.local/cryptlet v0.0.0",
  "replace cryptlet.local/cryptlet => ../cryptlet",
  "",
].join("\n\n");

/** Go's js/wasm port without its JavaScript: what reaches for syscall/js does not pass the admission. */
export const goBuilder: PackageBuilder = {
  language: "go",
  tools: [go],
  build: (root, manifest, { signal }) =>
    inBuildFolder(root, { language: "go", endings: [".go", ".s"] }, async ({ app, scratch }) => {
      const compiler = await go.locate({ signal });
      await writeFile(path.join(app, "go.mod"), MODULE);
      const output = path.join(scratch, "bundle.wasm");
      const folder = `./${path.posix.dirname(manifest.main)}`;
      const flags = ["-trimpath", "-ldflags=-s -w -buildid=", "-buildvcs=false", "-mod=mod"];
      await runTool(compiler, ["build", ...flags, "-o", output, folder], {
        cwd: app,
        signal,
        env: {
          GOOS: "js",
          GOARCH: "wasm",
          CGO_ENABLED: "0",
          GOPROXY: "off",
          GOSUMDB: "off",
          GOTOOLCHAIN: "local",
          GOFLAGS: "",
          GOENV: "off",
          GOCACHE: path.join(scratch, "cache"),
          GOPATH: path.join(scratch, "path"),
          HOME: scratch,
        },
      });
      return { bundle: new Uint8Array(await readFile(output)) };
    }),
};
