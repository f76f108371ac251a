import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build, type BuildFailure } from "esbuild";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { CryptletPackage } from "./enclave.ts";
import { BUNDLE_FILE, MANIFEST_FILE, parseManifest } from "./read-package.ts";

const MAP_FILE = `${BUNDLE_FILE}.map`;

/** A package with the source map, which is not run and not measured. */
export interface BuiltPackage extends CryptletPackage {
  readonly sourceMap: Uint8Array;
}

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

/**
 * Bundle a Cryptlet's folder into the one file that its engine evaluates. The same sources give the same bytes in every
 * folder: no absolute path, no time, no environment goes in.
 * Throws `PACKAGE_UNREADABLE`, `PACKAGE_INVALID`, `PACKAGE_BUILD_FAILED`.
 * @example
 * ```ts
 * await writePackage(await buildPackage("cryptlets/gold-price"), "dist/cryptlets/gold-price");
 * ```
 */
export const buildPackage = async (directory: string): Promise<BuiltPackage> => {
  const root = path.resolve(directory);
  const manifestFile = path.join(root, MANIFEST_FILE);
  const manifestBytes = new Uint8Array(
    await readFile(manifestFile).catch((error: Error) => {
      throw fabricError("PACKAGE_UNREADABLE", { path: manifestFile, reason: error.message });
    }),
  );
  const manifest = parseManifest(manifestBytes, manifestFile);
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
    outfile: BUNDLE_FILE,
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
      path: directory,
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
  return { manifest, manifestBytes, bundle: bytesOf(BUNDLE_FILE), sourceMap: bytesOf(MAP_FILE) };
};

/** Write a built package: `cryptlet.json`, `bundle.js`, `bundle.js.map`. */
export const writePackage = async (built: BuiltPackage, directory: string): Promise<void> => {
  await mkdir(directory, { recursive: true });
  await Promise.all([
    writeFile(path.join(directory, MANIFEST_FILE), built.manifestBytes),
    writeFile(path.join(directory, BUNDLE_FILE), built.bundle),
    writeFile(path.join(directory, MAP_FILE), built.sourceMap),
  ]);
};
