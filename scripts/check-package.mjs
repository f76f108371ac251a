// The package as npm would publish it: publint and "are the types wrong" look at the packed file.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { bin, root, runNode } from "./run.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "cryptlet-pack-"));
try {
  const packed = execFileSync(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", folder, "--loglevel=error"],
    { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  const [{ filename, files }] = Object.values(JSON.parse(packed));
  const strange = files
    .map((file) => file.path)
    .filter((file) => /\.test\.|(^|\/)test\/|(^|\/)bench\//.test(file));
  if (strange.length > 0) console.error(`the package holds ${strange.slice(0, 5).join(", ")}`);
  const tarball = path.join(folder, filename);
  const { exports: entries } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const statuses = [
    strange.length === 0 ? 0 : 1,
    runNode([bin("publint", "src/cli.js"), "--strict", tarball]),
    entries
      ? runNode([
          bin("@arethetypeswrong/cli", "dist/index.js"),
          "--quiet",
          "--profile=esm-only",
          "--exclude-entrypoints=./contracts/*",
          tarball,
        ])
      : 0,
  ];
  process.exitCode = statuses.every((status) => status === 0) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
