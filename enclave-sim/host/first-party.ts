import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { digestOf } from "../../src/crypto/hashes.ts";
import type { CryptletPackage } from "./enclave.ts";

/**
 * The list that the fabric's own build leaves beside its packages. A list, and not whatever lies in the folder: in a
 * checkout `cryptlet build` writes a stranger's package into that very folder.
 */
export const FIRST_PARTY_FILE = "first-party.json";

const listSchema = z.array(z.string()).max(256);

const shippedFolder = (): string => {
  const here = path.dirname(fileURLToPath(import.meta.url));
  return path.join(
    here,
    import.meta.url.endsWith(".ts") ? "../../dist/cryptlets" : "../../cryptlets",
  );
};

/** Names the exact bytes of a package's manifest and code. */
export const packageDigest = ({ manifestBytes, bundle }: CryptletPackage): string =>
  `${digestOf(manifestBytes)}/${digestOf(bundle)}`;

/** Without a list nobody is first-party: everything then runs behind the outer wall. */
const readShipped = async (): Promise<ReadonlySet<string>> => {
  try {
    const text = await readFile(path.join(shippedFolder(), FIRST_PARTY_FILE), "utf8");
    return new Set(listSchema.parse(JSON.parse(text)));
  } catch {
    return new Set();
  }
};

let shipped: Promise<ReadonlySet<string>> | undefined;

/**
 * Whether a package is one that ships with the fabric: manifest and code are equal byte by byte, whatever it is called
 * and wherever it lies. Such packages are trusted as the fabric itself is.
 */
export const isFirstParty = async (cryptlet: CryptletPackage): Promise<boolean> => {
  shipped ??= readShipped();
  return (await shipped).has(packageDigest(cryptlet));
};
