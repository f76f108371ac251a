// Builds cryptlets/* into dist/cryptlets/* with the fabric's own package builder, which must be built before.
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const builder = path.join(root, "dist/enclave-sim/host/build-package.js");
const { buildPackage, writePackage } = await import(pathToFileURL(builder).href);
const sources = path.join(root, "cryptlets");
const names = existsSync(sources)
  ? readdirSync(sources).filter((name) => existsSync(path.join(sources, name, "cryptlet.json")))
  : [];
await Promise.all(
  names.map(async (name) =>
    writePackage(
      await buildPackage(path.join(sources, name)),
      path.join(root, "dist/cryptlets", name),
    ),
  ),
);
