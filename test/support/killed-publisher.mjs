// Publishes a package into a folder registry and dies (SIGKILL) before or after its n-th change of a name on the disk.
// argv: registry, package, publisher's seed, "before" | "after", n (0: never).
import { dieAtRename } from "./die-at-rename.mjs";

const [registryFolder, packageFolder, seed, when, nth] = process.argv.slice(2);
const renames = dieAtRename(when, nth);

const dist = (file) => import(new URL(`../../dist/${file}`, import.meta.url).href);
const { readPackage } = await dist("enclave-sim/host/read-package.js");
const { createSigningKey } = await dist("src/crypto/key-record.js");
const { openFolderRegistry } = await dist("src/registry/open-folder-registry.js");
const { publishRelease } = await dist("src/registry/publish-release.js");

const registry = await openFolderRegistry(registryFolder);
const published = await publishRelease(
  registry,
  {
    cryptlet: await readPackage(packageFolder),
    sourceMap: new TextEncoder().encode("{}"),
    readme: new TextEncoder().encode("# read me\n"),
    measurement: `sha256:${"a".repeat(64)}`,
    sources: [],
    tools: {},
    at: 1_000,
  },
  {
    key: createSigningKey("ed25519", new Uint8Array(32).fill(Number(seed))),
    displayName: "Killed",
    approveCapabilities: false,
  },
);
await registry.close();
process.stdout.write(JSON.stringify({ renames: renames.count(), ...published }));
