import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileFault } from "../../src/core/errors/file-fault.ts";
import { FabricError, fabricError, isFabricError } from "../../src/core/errors/fabric-error.ts";
import type { BuildTool, ModuleSize } from "../builders/package-builder.ts";
import { builderOf } from "../builders/package-builders.ts";
import { admitModule } from "../runners/wasm/admit-module.ts";
import { codeFileOf } from "./code-file.ts";
import type { CryptletPackage } from "./enclave.ts";
import { MANIFEST_FILE, parseManifest, SIGSTRUCT_FILE } from "./read-package.ts";
import { replaceFiles } from "./replace-files.ts";

/** A package with the source map, which is not run and not measured; null where the language has none. */
export interface BuiltPackage extends CryptletPackage {
  readonly sourceMap: Uint8Array | null;
  /** What the bundle is made of, the largest first; left out where a language has no modules. */
  readonly modules?: readonly ModuleSize[];
}

const refuseMissingTool = async (
  language: string,
  tools: readonly BuildTool[],
  signal: AbortSignal,
): Promise<void> => {
  const found = await Promise.all(tools.map((tool) => tool.find({ signal })));
  const missing = tools.find((_, at) => found[at] === null);
  if (missing)
    throw fabricError("BUILD_TOOL_MISSING", {
      language,
      tool: missing.name,
      install: missing.install,
    });
};

/** An author learns here, not at the first load, what the enclave would refuse. */
const checkAdmission = (bundle: Uint8Array, directory: string): void => {
  try {
    admitModule(bundle);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw fabricError(
      "PACKAGE_BUILD_FAILED",
      { path: directory, faults: error.message },
      { cause: error },
    );
  }
};

/** Builders know the folder by its absolute path, the author by what he typed. */
const asTyped = (error: unknown, root: string, directory: string): unknown => {
  const known = isFabricError(error) && error.arguments["path"] === root ? error : null;
  switch (known?.code) {
    case "PACKAGE_BUILD_FAILED":
    case "SOURCE_FORBIDDEN":
      return new FabricError(
        known.code,
        { ...known.arguments, path: directory },
        { cause: known.cause ?? known },
      );
    default:
      return error;
  }
};

const CARRIAGE_RETURN = 13;

/**
 * A manifest's exact bytes are measured, and a checkout on Windows has other line ends. Between the tokens of JSON alone
 * can one stand, so that nothing is lost with it.
 */
const withoutCarriageReturns = (bytes: Uint8Array): Uint8Array =>
  bytes.includes(CARRIAGE_RETURN) ? bytes.filter((byte) => byte !== CARRIAGE_RETURN) : bytes;

/**
 * Build a Cryptlet's folder with the builder of its manifest's language. The same sources and tools give the same bytes
 * in every folder: no absolute path, no time, no environment goes in.
 * Throws `SOURCE_FOLDER_MISSING`, `PACKAGE_UNREADABLE`, `PACKAGE_INVALID`, `PACKAGE_BUILD_FAILED`, `SOURCE_FORBIDDEN`, `BUILD_TOOL_MISSING`, `INTERRUPTED`.
 * @example
 * ```ts
 * await writePackage(await buildPackage("cryptlets/gold-price"), "dist/cryptlets/gold-price");
 * ```
 */
export const buildPackage = async (
  directory: string,
  { signal = new AbortController().signal }: { readonly signal?: AbortSignal } = {},
): Promise<BuiltPackage> => {
  const root = path.resolve(directory);
  // As the caller wrote it: that is the path that he knows.
  const manifestFile = path.join(directory, MANIFEST_FILE);
  const written = new Uint8Array(
    await readFile(manifestFile).catch((error: Error) => {
      const isFolder = existsSync(root) && statSync(root).isDirectory();
      throw isFolder
        ? fabricError(
            "PACKAGE_UNREADABLE",
            { path: manifestFile, reason: fileFault(error) },
            { cause: error },
          )
        : fabricError("SOURCE_FOLDER_MISSING", { path: directory }, { cause: error });
    }),
  );
  const manifestBytes = withoutCarriageReturns(written);
  const manifest = parseManifest(manifestBytes, manifestFile);
  const { language } = manifest;
  const builder = builderOf(language);
  if (!builder)
    throw fabricError("PACKAGE_BUILD_FAILED", {
      path: directory,
      faults: `this release has no builder for ${language}`,
    });
  await refuseMissingTool(language, builder.tools, signal);
  const {
    bundle,
    sourceMap = null,
    modules = [],
  } = await builder.build(root, manifest, { signal }).catch((error: unknown) => {
    throw asTyped(error, root, directory);
  });
  if (manifest.lane === "wasm") checkAdmission(bundle, directory);
  return { manifest, manifestBytes, bundle, sourceMap, modules };
};

/**
 * Write a built package: `cryptlet.json`, the code under the name of its lane, its source map where there is one. What
 * stood there stays whole until all of it is on the disk. A publisher's signature over other bytes is removed.
 * Throws `FILE_UNWRITABLE`.
 */
export const writePackage = async (built: BuiltPackage, directory: string): Promise<void> => {
  const { name: code } = codeFileOf(built.manifest);
  const files = [
    built.sigstruct
      ? { name: SIGSTRUCT_FILE, bytes: built.sigstruct }
      : { name: SIGSTRUCT_FILE, bytes: null, when: [code, MANIFEST_FILE] },
    ...(built.sourceMap ? [{ name: `${code}.map`, bytes: built.sourceMap }] : []),
    { name: code, bytes: built.bundle },
    { name: MANIFEST_FILE, bytes: built.manifestBytes },
  ];
  await replaceFiles(directory, files).catch((error: unknown) => {
    throw fabricError(
      "FILE_UNWRITABLE",
      { file: directory, reason: fileFault(error) },
      { cause: error },
    );
  });
};
