// Copies a folder registry into another folder and dies (SIGKILL) before or after its n-th change of a name on the disk.
// argv: source, copy, checkpoint key, "before" | "after", n (0: never).
import { dieAtRename } from "./die-at-rename.mjs";

const [sourceFolder, copyFolder, verifier, when, nth] = process.argv.slice(2);
const renames = dieAtRename(when, nth);

const dist = (file) => import(new URL(`../../dist/${file}`, import.meta.url).href);
const { openFolderRegistry } = await dist("src/registry/open-folder-registry.js");
const { syncMirror } = await dist("src/registry/mirror/sync-mirror.js");

const source = await openFolderRegistry(sourceFolder);
const report = await syncMirror({ source, folder: copyFolder, verifier });
await source.close();
process.stdout.write(JSON.stringify({ renames: renames.count(), ...report }));
