import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { EVM_PACKAGE } from "./evm-library.ts";

/** One package of npm: its name and its folder on this machine. */
export interface InstalledPackage {
  readonly name: string;
  readonly folder: string;
}

/**
 * ethereumjs with everything that it imports, as this machine has it; empty where it is not installed. For whoever shows
 * it to guests behind the wall: its licence keeps it out of what the fabric ships (docs/decisions/0025).
 */
export const evmPackages = (): readonly InstalledPackage[] => {
  const first = firstFolder();
  if (first === null) return [];
  const found = new Map([[EVM_PACKAGE, first]]);
  for (const folder of found.values())
    for (const name of dependenciesOf(folder)) {
      const place = found.has(name) ? null : findFrom(folder, name);
      if (place !== null) found.set(name, place);
    }
  return [...found].map(([name, folder]) => ({ name, folder }));
};

/** Every entry of ethereumjs' packages lies in dist/<format>/index.js. */
const firstFolder = (): string | null => {
  try {
    const entry = createRequire(import.meta.url).resolve(EVM_PACKAGE);
    return path.resolve(path.dirname(entry), "../..");
  } catch {
    return null;
  }
};

const dependenciesOf = (folder: string): readonly string[] => {
  const manifest = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as {
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  return Object.keys(manifest.dependencies ?? {});
};

/** Where Node would find a package for a module in that folder (Node's ESM resolution, PACKAGE_RESOLVE). */
const findFrom = (folder: string, name: string): string | null => {
  for (let at = folder; ; at = path.dirname(at)) {
    const place = path.join(at, "node_modules", name);
    if (existsSync(place)) return place;
    if (at === path.dirname(at)) return null;
  }
};
