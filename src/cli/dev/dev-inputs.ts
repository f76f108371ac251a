import { existsSync } from "node:fs";
import path from "node:path";

import { buildPackage, writePackage } from "../../../enclave-sim/host/build-package.ts";
import { readPackage } from "../../../enclave-sim/host/read-package.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { parseStrictJson } from "../../envelope/strict-json.ts";
import { openPackage } from "../open-package.ts";
import { readInput } from "../read-input.ts";
import type { PlacedPackage } from "./dev-config.ts";

/** Largest JSON that parameters or a configuration may be, in bytes. */
const MAX_JSON_BYTES = 1_048_576;

/** JSON of a file; null where none is named. Throws `FILE_UNREADABLE`, `JSON_MALFORMED`. */
export const readJsonFile = async (
  file: string | undefined,
  signal: AbortSignal,
): Promise<unknown> => {
  if (file === undefined) return null;
  const limit = MAX_JSON_BYTES;
  return parseStrictJson(await readInput(file, { limit, signal }), { limit, what: file });
};

/** What the feeds are run with where no file is named: `parameters.json` of the folder, where there is one. */
export const parametersFile = (folder: string, named: string | undefined): string | undefined => {
  const usual = path.join(folder, "parameters.json");
  return named ?? (existsSync(usual) ? usual : undefined);
};

/** `mainnet=https://…` by name. Throws `USAGE_INVALID`. */
export const parseEndpoints = (given: readonly string[]): ReadonlyMap<string, string> => {
  const endpoints = new Map<string, string>();
  for (const text of given) {
    const [, name = "", url = ""] =
      /^([a-z0-9][a-z0-9-]{0,62})=(https?:\/\/.{1,2000})$/.exec(text) ?? [];
    if (name === "" || !URL.canParse(url))
      throw fabricError("USAGE_INVALID", {
        // The address may hold a key: it is not repeated.
        fault:
          "--read-chain must be NAME=URL with a chain of the manifest and an http or https address",
      });
    if (endpoints.has(name))
      throw fabricError("USAGE_INVALID", { fault: `--read-chain names ${name} twice` });
    endpoints.set(name, url);
  }
  return endpoints;
};

/** The Cryptlets that another one calls, built where they are sources. Throws `PACKAGE_*`. */
export const placeOthers = async (
  folders: readonly string[],
  into: string,
  signal: AbortSignal,
): Promise<readonly PlacedPackage[]> => {
  const placed: PlacedPackage[] = [];
  for (const [at, folder] of folders.entries()) {
    const { found, built } = await openPackage(folder);
    if (!built) {
      placed.push({ folder: path.resolve(folder), manifest: found.manifest });
      continue;
    }
    const place = path.join(into, "others", String(at));
    await writePackage(await buildPackage(folder, { signal }), place);
    placed.push({ folder: place, manifest: (await readPackage(place)).manifest });
  }
  return placed;
};
