// Step of the build: what `cryptlet --help` prints, so that it need not load every command to list them.
import { renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./run.mjs";

const folder = path.join(root, "dist/src/cli");
const { commands } = await import(pathToFileURL(path.join(folder, "commands.js")).href);
const file = path.join(folder, "command-index.json");
const text = JSON.stringify(commands.map(({ name, group, summary }) => ({ name, group, summary })));
// By renaming: a command that starts while the package is built reads the old one or the new one.
writeFileSync(`${file}.${process.pid}`, `${text}\n`);
renameSync(`${file}.${process.pid}`, file);
