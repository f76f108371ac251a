import { readdirSync, readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Lane, Wall } from "../protocol/lane.ts";
import { ABI_VERSION } from "../protocol/transcript.ts";

/** The platform's part of the measurement log, as JSON text. */
export interface PlatformContents {
  readonly runtime: string;
  readonly host: string;
  readonly sandbox: string;
}

/** Folders whose code runs in the enclave's thread or a guest's. */
const FOLDERS = [
  "enclave-sim",
  "src/attestation",
  "src/core",
  "src/crypto",
  "src/envelope",
  "src/sdk",
];

const hashFolder = (hash: ReturnType<typeof createHash>, root: string, folder: string): void => {
  const entries = readdirSync(path.join(root, folder), { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) hashFolder(hash, root, name);
    else if (/\.[jt]s$/.test(name) && !name.endsWith(".d.ts"))
      hash
        .update(`${name}\0`)
        .update(readFileSync(path.join(root, name)))
        .update("\0");
  }
};

let measured: string | undefined;

/** Digest of the code on disk, as this thread found it first: what it runs was loaded then. */
const codeDigest = (): string => {
  if (measured !== undefined) return measured;
  const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");
  const code = createHash("sha256");
  for (const folder of FOLDERS) hashFolder(code, root, folder);
  measured = `sha256:${code.digest("hex")}`;
  return measured;
};

/** Describe what this thread runs on: Node, the enclave's own code, the wall around guests. */
export const measurePlatform = (
  { lane, wall }: { readonly lane: Lane; readonly wall: Wall } = { lane: "js", wall: "none" },
): PlatformContents => {
  const { node, v8 } = process.versions;
  return {
    runtime: JSON.stringify({ node, v8, platform: process.platform, arch: process.arch }),
    host: JSON.stringify({ code: codeDigest() }),
    sandbox: JSON.stringify({ abi: ABI_VERSION, lane, wall }),
  };
};
