// Builds cryptlets/* into dist/cryptlets/* with the fabric's own package builder, which must be built before, and lists
// what it built: these packages alone run without the outer wall, whatever else lies in that folder.
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const load = (file) => import(pathToFileURL(path.join(root, "dist/enclave-sim/host", file)).href);
const { buildPackage, writePackage } = await load("build-package.js");
const { FIRST_PARTY_FILE, packageDigest } = await load("first-party.js");
const sources = path.join(root, "cryptlets");
const names = existsSync(sources)
  ? readdirSync(sources).filter((name) => existsSync(path.join(sources, name, "cryptlet.json")))
  : [];
const digests = await Promise.all(
  names.map(async (name) => {
    const built = await buildPackage(path.join(sources, name));
    await writePackage(built, path.join(root, "dist/cryptlets", name));
    return packageDigest(built);
  }),
);
writeFileSync(
  path.join(root, "dist/cryptlets", FIRST_PARTY_FILE),
  `${JSON.stringify(digests, null, 2)}\n`,
);
