import path from "node:path";

import { type BuiltPackage } from "../../../enclave-sim/host/build-package.ts";
import { measureBuilt } from "../../../enclave-sim/host/measure-built.ts";
import type { ModuleSize } from "../../../enclave-sim/builders/package-builder.ts";
import { codeFileOf } from "../../../enclave-sim/host/code-file.ts";
import { limitsOf, type Limits } from "../../../enclave-sim/protocol/limits.ts";
import { digestOf } from "../../crypto/hashes.ts";
import { capabilitiesOf, describeCapability } from "../../registry/capability-list.ts";

/** What `cryptlet build` tells; the same for the same sources on every machine, but for `package` and `signed`. */
export interface BuildReport {
  readonly id: string;
  readonly version: string;
  readonly lane: string;
  readonly language: string;
  /** Folder that was written; null with `--check`. */
  readonly package: string | null;
  /** `sha256:` and hex of the code's file. */
  readonly digest: string;
  readonly manifestDigest: string;
  /** What contracts and verifiers know it by. */
  readonly measurement: string;
  readonly bundleBytes: number;
  /** Most bytes that the lane takes. */
  readonly maxBundleBytes: number;
  readonly sourceMapBytes: number | null;
  readonly modules: readonly ModuleSize[];
  readonly feeds: readonly string[];
  /** One line of the manifest's grants each; `describe` says the same in words. */
  readonly capabilities: readonly { readonly grant: string; readonly says: string }[];
  readonly limits: Limits;
}

/** Throws what the code's first evaluation throws: `CRYPTLET_INIT_FAILED`, `RUN_DEADLINE`. */
export const createBuildReport = async (
  built: BuiltPackage,
  folder: string | null,
  signal: AbortSignal,
): Promise<BuildReport> => {
  const { manifest, manifestBytes, bundle, sourceMap, modules = [] } = built;
  const { id, version, lane, language } = manifest;
  return {
    id,
    version,
    lane,
    language,
    package: folder,
    digest: digestOf(bundle),
    manifestDigest: digestOf(manifestBytes),
    measurement: await measureBuilt(built, { signal }),
    bundleBytes: bundle.length,
    maxBundleBytes: codeFileOf(manifest).maxBytes,
    sourceMapBytes: sourceMap?.length ?? null,
    modules,
    feeds: manifest.feeds.map((feed) => feed.id),
    capabilities: capabilitiesOf(manifest).map((grant) => ({
      grant,
      says: describeCapability(grant),
    })),
    limits: limitsOf(manifest),
  };
};

/** Where a package is written unless told otherwise. */
export const defaultOutput = (id: string): string => path.join("dist", "cryptlets", id);
