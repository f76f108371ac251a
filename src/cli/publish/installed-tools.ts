import { readFileSync } from "node:fs";

import type { CryptletPackage } from "../../../enclave-sim/host/enclave.ts";

/** `version` of a package.json; null where it is not there. */
const versionIn = (file: URL): string | null => {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof parsed === "object" && parsed && "version" in parsed
      ? String(parsed.version)
      : null;
  } catch {
    return null;
  }
};

/** Version of this package: three folders up in the source, four in dist. */
const ownVersion = (): string =>
  versionIn(new URL("../../../../package.json", import.meta.url)) ??
  versionIn(new URL("../../../package.json", import.meta.url)) ??
  "unknown";

/** Tools that decide what a build gives, with their versions: what the provenance names as builder. */
export const installedTools = async (
  lane: CryptletPackage["manifest"]["lane"],
): Promise<Readonly<Record<string, string>>> => ({
  "cryptlet-fabric": ownVersion(),
  node: process.versions.node,
  ...(lane === "js" ? { esbuild: (await import("esbuild")).version } : {}),
});
