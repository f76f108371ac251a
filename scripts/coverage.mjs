// `npm run coverage`: the tests under c8. vitest's own coverage sees nothing inside worker threads.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { transformSync } from "esbuild";
import { bin, root, runNode } from "./run.mjs";

/** Files of types alone: nothing of them ever runs, and c8 would count every line as never executed. */
const typesOnly = ["src", "enclave-sim", "cryptlets"].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => path.posix.join(folder, name.replaceAll(path.sep, "/")))
    .filter((file) => {
      const { code } = transformSync(readFileSync(path.join(root, file), "utf8"), { loader: "ts" });
      return code.trim() === "";
    }),
);
const { exclude } = JSON.parse(readFileSync(path.join(root, ".c8rc.json"), "utf8"));

process.exit(
  runNode([
    bin("c8", "bin/c8.js"),
    ...[...exclude, ...typesOnly].flatMap((pattern) => ["--exclude", pattern]),
    process.execPath,
    "scripts/test.mjs",
    ...process.argv.slice(2),
  ]),
);
