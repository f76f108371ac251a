import type { Language, Manifest } from "../../src/sdk/manifest.ts";

/** Something that a builder needs and that is not part of the fabric. */
export interface BuildTool {
  /** As people call it: `rustc`, `assemblyscript`. */
  readonly name: string;
  /** What brings it: `apt-get install rustc`, `npm i -D assemblyscript`. */
  readonly install: string;
  /** What was found, in one line with its version; null when it is missing or does not do. Never throws. */
  find(options: { readonly signal: AbortSignal }): Promise<string | null>;
}

/** The bytes that a builder made of a Cryptlet's sources. */
export interface BuiltCode {
  /** What is measured and run. */
  readonly bundle: Uint8Array;
  /** For people only; not run and not measured. */
  readonly sourceMap?: Uint8Array;
  /** Modules that are part of the bundle, the largest first; left out where a language has none. */
  readonly modules?: readonly ModuleSize[];
}

/** How much of the bundle one module is. */
export interface ModuleSize {
  /** Relative to the package's folder; of the SDK and of packages from npm, `cryptlet-fabric/…` and `node_modules/…`. */
  readonly name: string;
  readonly bytes: number;
}

/**
 * Turns the sources of one language into a package's code. The same sources and tools give the same bytes in every
 * folder: no absolute path, no time and no environment goes in. Tools run with an environment of their own, no longer
 * than `BUILD_MS`.
 */
export interface PackageBuilder {
  readonly language: Language;
  /** Empty where the fabric brings everything. */
  readonly tools: readonly BuildTool[];
  /** `root` is the absolute path of the folder with cryptlet.json. Throws `PACKAGE_BUILD_FAILED`, `INTERRUPTED`. */
  build(
    root: string,
    manifest: Manifest,
    options: { readonly signal: AbortSignal },
  ): Promise<BuiltCode>;
}

/** Longest run of one tool, in ms: the first Go build compiles its runtime. */
export const BUILD_MS = 300_000;
