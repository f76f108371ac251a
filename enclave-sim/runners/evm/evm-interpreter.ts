import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import { concatBytes } from "../../../src/crypto/bytes.ts";
import { digestOf } from "../../../src/crypto/hashes.ts";
import { EVM_PACKAGE } from "./evm-library.ts";
import {
  CHAIN_ID,
  GAS_LIMIT,
  HARDFORK,
  HOST_GAS,
  JSON_GAS,
  MAX_DEPTH,
  REMOVED_OPCODES,
  REMOVED_PRECOMPILES,
} from "./evm-rules.ts";

/** Packages whose code decides what a run gives. */
const PACKAGES = [
  EVM_PACKAGE,
  "@ethereumjs/common",
  "@ethereumjs/statemanager",
  "@ethereumjs/util",
] as const;

let known: string | undefined;

/**
 * What lane evm is measured as: digests of the packages that run it, and the lane's rules. Canonical JSON text.
 * Throws `LANE_ENGINE_MISSING`.
 */
export const evmInterpreter = (): string => {
  known ??= JSON.stringify({
    engine: Object.fromEntries(PACKAGES.map((name) => [name, packageDigest(name)])),
    rules: {
      chainId: CHAIN_ID,
      gasLimit: GAS_LIMIT,
      hardfork: HARDFORK,
      hostGas: [HOST_GAS.base, HOST_GAS.perByte].map(Number),
      jsonGas: [JSON_GAS.base, JSON_GAS.perByte].map(Number),
      maxDepth: MAX_DEPTH,
      removed: [...REMOVED_PRECOMPILES, ...REMOVED_OPCODES],
    },
  });
  return known;
};

/** Digest over every module of a package, by name; paths of this machine are no part of it. */
const packageDigest = (name: string) => {
  const folder = packageFolder(name);
  const modules = path.join(folder, "dist/esm");
  const files = readdirSync(modules, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".js"))
    .map((file) => file.replaceAll(path.sep, "/"))
    .toSorted();
  const encoder = new TextEncoder();
  const parts = files.map((file) => {
    const bytes = readFileSync(path.join(modules, file));
    return concatBytes(encoder.encode(`${file} ${bytes.length}\n`), bytes);
  });
  return digestOf(concatBytes(...parts));
};

/** The statemanager is the machine's own dependency and may lie beside it or below it. */
const packageFolder = (name: string): string => {
  try {
    const machine = createRequire(import.meta.url).resolve(EVM_PACKAGE);
    // Every entry lies in dist/<format>/index.js.
    return path.resolve(path.dirname(createRequire(machine).resolve(name)), "../..");
  } catch (cause) {
    throw fabricError("LANE_ENGINE_MISSING", { lane: "evm", packages: EVM_PACKAGE }, { cause });
  }
};
