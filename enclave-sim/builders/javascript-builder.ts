import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build, type BuildFailure, type Metafile } from "esbuild";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { Manifest } from "../../src/sdk/manifest.ts";
import { createSourceMapper } from "../host/source-mapper.ts";
import type { BuiltCode, PackageBuilder } from "./package-builder.ts";
import { findBundleFaults } from "./source-checks/bundle-checks.ts";
import { ignoreForeignMaps } from "./source-checks/ignore-foreign-maps.ts";
import { findModuleFaults, placeIn } from "./source-checks/module-checks.ts";
import { refuseImports, type RefusedImport } from "./source-checks/refused-imports.ts";
import { orderFaults, type SourceFault, sourceForbidden } from "./source-checks/source-fault.ts";
import { createSourceNames, isSdkName, renameSources } from "./source-names.ts";

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

const failed = (root: string, faults: string) =>
  fabricError("PACKAGE_BUILD_FAILED", { path: root, faults });

/** Faults of the bundler that are told. */
const MAX_FAULTS = 20;

const bundlerFaults = (error: BuildFailure): string => {
  const faults = error.errors ?? [{ text: error.message, location: null }];
  return faults
    .slice(0, MAX_FAULTS)
    .map(({ text, location }) =>
      location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text,
    )
    .join("\n");
};

const bundle = (
  root: string,
  manifest: Manifest,
  { refused, nameOf }: { refused: RefusedImport[]; nameOf: (file: string) => string },
) => {
  const serve = serveEntry();
  const entry = [
    `import { cryptlet } from ${JSON.stringify(`./${manifest.main}`)};`,
    `import { serve } from ${JSON.stringify("cryptlet:serve")};`,
    "globalThis.__cryptlet = serve(cryptlet);",
  ];
  return build({
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
    metafile: true,
    // Names of files stay out of the code; the map beside it is for people.
    sourcemap: "external",
    sourcesContent: true,
    mainFields: ["module", "main"],
    conditions: ["import"],
    // Where modules are looked for is the folder's business, not the environment's.
    nodePaths: [],
    // Whoever imports the SDK by its package name gets the copy that serves it: two would be two times the code.
    alias: { "cryptlet:serve": serve, "cryptlet-fabric/sdk": sdkBeside(serve) },
    define: { "process.env.NODE_ENV": '"production"' },
    plugins: [refuseImports(refused), ignoreForeignMaps((file) => isSdkName(nameOf(file)))],
    logLevel: "silent",
    // A tsconfig of the folder would change the bytes without being part of the package.
    tsconfigRaw: { compilerOptions: { target: "es2023", verbatimModuleSyntax: true } },
  }).catch((error: BuildFailure) => {
    throw failed(root, bundlerFaults(error));
  });
};

/** Everything that the sources use and must not. Throws `SOURCE_FORBIDDEN`. */
const checkSources = async (
  root: string,
  parts: {
    readonly code: string;
    readonly sourceMap: Uint8Array;
    /** Paths as the bundler names them, relative to `root`. */
    readonly inputs: readonly string[];
    readonly nameOf: (file: string) => string;
    readonly refused: readonly RefusedImport[];
  },
): Promise<void> => {
  const { code, sourceMap, inputs, nameOf, refused } = parts;
  const found = findBundleFaults(code, {
    mapper: createSourceMapper(sourceMap),
    isTrusted: isSdkName,
  });
  if (!found) throw failed(root, "the bundle is no script");
  const own = inputs.filter((file) => !isSdkName(nameOf(file)) && /\.[cm]?[jt]sx?$/.test(file));
  const modules = await Promise.all(
    own.map(async (file) => ({
      file: nameOf(file),
      text: await readFile(path.resolve(root, file), "utf8").catch(() => ""),
    })),
  );
  const imports = await Promise.all(refused.map((each) => importFault(each, nameOf)));
  const faults = orderFaults([...found, ...modules.flatMap(findModuleFaults), ...imports]);
  if (faults.length > 0) throw sourceForbidden(root, faults);
};

/**
 * Imports that leave the package's folder for anything but an installed package or the SDK: a dependency could put a
 * developer's own file into what is published.
 */
const importsFromOutside = (
  root: string,
  inputs: Metafile["inputs"],
  isSdk: (file: string) => boolean,
): readonly RefusedImport[] => {
  const isOutside = (file: string) =>
    path.relative(root, path.resolve(root, file)).startsWith("..") &&
    !/(?:^|[\\/])node_modules[\\/]/.test(file) &&
    !isSdk(file);
  return Object.entries(inputs).flatMap(([file, { imports }]) =>
    isSdk(file)
      ? []
      : imports.flatMap(({ path: target, original }) =>
          Object.hasOwn(inputs, target) && isOutside(target)
            ? [{ importer: path.resolve(root, file), specifier: original ?? target }]
            : [],
        ),
  );
};

const importFault = async (
  { importer, specifier }: RefusedImport,
  nameOf: (file: string) => string,
): Promise<SourceFault> => {
  const text = await readFile(importer, "utf8").catch(() => "");
  const places = [`"${specifier}"`, `'${specifier}'`].map((quoted) => text.indexOf(quoted));
  const at = Math.max(0, ...places);
  return {
    file: nameOf(importer),
    ...placeIn(text, at),
    api: `the module ${specifier}`,
    instead: "the functions of ctx: a package holds all of its code, and reaches nothing else",
  };
};

const buildJavascript = async (root: string, manifest: Manifest): Promise<BuiltCode> => {
  const refused: RefusedImport[] = [];
  const nameOf = createSourceNames(root, path.dirname(path.dirname(serveEntry())));
  const result = await bundle(root, manifest, { refused, nameOf });
  const bytesOf = (name: string) =>
    new Uint8Array(
      result.outputFiles.find((file) => path.basename(file.path) === name)?.contents ?? [],
    );
  const code = bytesOf(OUTPUT);
  const sourceMap = renameSources(bytesOf(`${OUTPUT}.map`), nameOf);
  const { outputs, inputs } = result.metafile;
  refused.push(...importsFromOutside(root, inputs, (file) => isSdkName(nameOf(file))));
  await checkSources(root, {
    code: Buffer.from(code).toString("utf8"),
    sourceMap,
    inputs: Object.keys(inputs),
    nameOf,
    refused,
  });
  const used = Object.entries(outputs[OUTPUT]?.inputs ?? {});
  const modules = used
    .map(([file, { bytesInOutput }]) => ({ name: nameOf(file), bytes: bytesInOutput }))
    .filter(({ bytes }) => bytes > 0)
    .toSorted((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
  return { bundle: code, sourceMap, modules };
};

/** esbuild's bundle with the SDK inside, for the JavaScript engine of lane js. */
export const typescriptBuilder: PackageBuilder = {
  language: "typescript",
  tools: [],
  build: buildJavascript,
};

/** @see typescriptBuilder */
export const javascriptBuilder: PackageBuilder = { ...typescriptBuilder, language: "javascript" };
