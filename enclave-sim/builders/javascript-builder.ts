import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build, type BuildFailure } from "esbuild";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { Manifest } from "../../src/sdk/manifest.ts";
import type { BuiltCode, PackageBuilder } from "./package-builder.ts";

const OUTPUT = "bundle.js";

/**
 * The SDK's guest entry. In a checkout it is always the source, as for the Cryptlets beside it: one copy of the SDK in
 * the bundle, and the same bytes whether the builder itself runs from source or built. An installed package has no source.
 */
const serveEntry = (): string => {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const candidates = [
    "../../src/sdk/serve.ts",
    "../../../src/sdk/serve.ts",
    "../../src/sdk/serve.js",
  ];
  const found = candidates.map((name) => path.join(here, name)).find((file) => existsSync(file));
  if (found) return found;
  throw fabricError("PACKAGE_BUILD_FAILED", { path: here, faults: "the SDK is not beside it" });
};

/** The SDK's edge file in the folder of its guest entry. */
const sdkBeside = (serve: string): string =>
  path.join(path.dirname(serve), `index${path.extname(serve)}`);

const buildJavascript = async (root: string, manifest: Manifest): Promise<BuiltCode> => {
  const serve = serveEntry();
  const entry = [
    `import { cryptlet } from ${JSON.stringify(`./${manifest.main}`)};`,
    `import { serve } from ${JSON.stringify("cryptlet:serve")};`,
    "globalThis.__cryptlet = serve(cryptlet);",
  ];
  const result = await build({
    stdin: { contents: entry.join("\n"), resolveDir: root, sourcefile: "entry.js", loader: "js" },
    absWorkingDir: root,
    bundle: true,
    write: false,
    outfile: OUTPUT,
    format: "iife",
    platform: "neutral",
    target: "es2023",
    charset: "ascii",
    legalComments: "none",
    minify: true,
    // Names of files stay out of the code; the map beside it is for people.
    sourcemap: "external",
    sourcesContent: true,
    mainFields: ["module", "main"],
    conditions: ["import"],
    // Whoever imports the SDK by its package name gets the copy that serves it: two would be two times the code.
    alias: { "cryptlet:serve": serve, "cryptlet-fabric/sdk": sdkBeside(serve) },
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "silent",
    // A tsconfig of the folder would change the bytes without being part of the package.
    tsconfigRaw: { compilerOptions: { target: "es2023", verbatimModuleSyntax: true } },
  }).catch((error: BuildFailure) => {
    const faults = error.errors ?? [{ text: error.message, location: null }];
    throw fabricError("PACKAGE_BUILD_FAILED", {
      path: root,
      faults: faults
        .slice(0, 20)
        .map(({ text, location }) =>
          location ? `${location.file}:${location.line}: ${text}` : text,
        )
        .join("\n"),
    });
  });
  const bytesOf = (name: string) =>
    new Uint8Array(
      result.outputFiles.find((file) => path.basename(file.path) === name)?.contents ?? [],
    );
  return { bundle: bytesOf(OUTPUT), sourceMap: bytesOf(`${OUTPUT}.map`) };
};

/** esbuild's bundle with the SDK inside, for the JavaScript engine of lane js. */
export const typescriptBuilder: PackageBuilder = {
  language: "typescript",
  tools: [],
  build: buildJavascript,
};

/** @see typescriptBuilder */
export const javascriptBuilder: PackageBuilder = { ...typescriptBuilder, language: "javascript" };
