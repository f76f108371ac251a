import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { digestOf } from "../../src/crypto/hashes.ts";
import type { CryptletPackage } from "./enclave.ts";
import { MANIFEST_FILE, readPackage } from "./read-package.ts";

/** Folder of the packages that ship with the fabric; built ones, also from the sources. */
const shippedFolder = (): string => {
  const here = path.dirname(fileURLToPath(import.meta.url));
  return path.join(
    here,
    import.meta.url.endsWith(".ts") ? "../../dist/cryptlets" : "../../cryptlets",
  );
};

/** Folders with a package, at most one level below a folder without. */
const packageFolders = (folder: string, depth = 1): readonly string[] => {
  if (existsSync(path.join(folder, MANIFEST_FILE))) return [folder];
  if (depth < 0 || !existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => packageFolders(path.join(folder, name), depth - 1));
};

/** Names the exact bytes of a package's manifest and code. */
export const packageDigest = ({ manifestBytes, bundle }: CryptletPackage): string =>
  `${digestOf(manifestBytes)}/${digestOf(bundle)}`;

let shipped: Promise<ReadonlySet<string>> | undefined;

/**
 * Whether a package is one that ships with the fabric: manifest and code are equal byte by byte, whatever it is called
 * and wherever it lies. Such packages are trusted as the fabric itself is.
 */
export const isFirstParty = async (cryptlet: CryptletPackage): Promise<boolean> => {
  shipped ??= Promise.allSettled(packageFolders(shippedFolder()).map(readPackage)).then(
    (results) =>
      new Set(
        results.flatMap((result) =>
          result.status === "fulfilled" ? [packageDigest(result.value)] : [],
        ),
      ),
  );
  return (await shipped).has(packageDigest(cryptlet));
};
