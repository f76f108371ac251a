import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { temporaryFolder } from "./temporary-folder.ts";

/** The checkout, also for what a bench runs built. */
const checkout = (folder: string): string =>
  existsSync(path.join(folder, "package.json")) ? folder : checkout(path.dirname(folder));
const root = checkout(import.meta.dirname);
const NAME = "cryptlet-fabric";
/** A package that nobody asked for in this time is packed again. */
const KEPT_MS = 24 * 3_600_000;

interface PackageFile {
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
}
const packageFile = (): PackageFile =>
  JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as PackageFile;

/** Changes when a file that is packed does: by size and time, as make(1) would know it. */
const stateOfTree = (): string => {
  const hash = createHash("sha256");
  const add = (file: string): void => {
    const at = path.join(root, file);
    if (!existsSync(at)) return;
    const { size, mtimeMs } = statSync(at);
    hash.update(`${file}\0${size}\0${mtimeMs}\n`);
  };
  const { files } = packageFile();
  for (const name of ["package.json", ...files.filter((pattern) => !pattern.startsWith("!"))]) {
    add(name);
    const at = path.join(root, name);
    if (!existsSync(at) || !statSync(at).isDirectory()) continue;
    for (const inner of readdirSync(at, { recursive: true, encoding: "utf8" }).toSorted())
      add(path.join(name, inner));
  }
  return hash.digest("hex").slice(0, 16);
};

const linkPackage = (name: string, nodeModules: string): void => {
  const target = path.join(root, "node_modules", name);
  const link = path.join(nodeModules, name);
  if (!existsSync(target) || existsSync(link)) return;
  mkdirSync(path.dirname(link), { recursive: true });
  symlinkSync(target, link);
};

/** The package as `npm pack` makes it of what is built, unpacked beside its own dependencies and nothing else. */
export interface PackedPackage {
  readonly tarball: string;
  /** `node_modules` that holds it. */
  readonly nodeModules: string;
  /** Entry of the command line. */
  readonly cli: string;
}

const describe = (folder: string): PackedPackage => {
  const nodeModules = path.join(folder, "node_modules");
  return {
    tarball: path.join(folder, "package.tgz"),
    nodeModules,
    cli: path.join(nodeModules, NAME, "dist/src/cli/main.js"),
  };
};

/** Of other states of the tree; another run of the tests may still look at a young one. */
const sweep = (store: string): void => {
  for (const name of readdirSync(store)) {
    const folder = path.join(store, name);
    if (Date.now() - statSync(folder).mtimeMs > KEPT_MS)
      rmSync(folder, { recursive: true, force: true });
  }
};

const pack = (draft: string): void => {
  const packed = execFileSync(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", draft, "--loglevel=error"],
    { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 64 << 20 },
  );
  const [made] = Object.values(JSON.parse(packed) as Record<string, { filename: string }>);
  if (!made) throw new Error("npm packed nothing");
  const { tarball, nodeModules } = describe(draft);
  renameSync(path.join(draft, made.filename), tarball);
  const into = path.join(nodeModules, NAME);
  mkdirSync(into, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", into, "--strip-components=1"]);
  for (const name of Object.keys(packageFile().dependencies)) linkPackage(name, nodeModules);
};

let found: PackedPackage | null = null;

/**
 * Packs what is built, once for each state of the tree and not once for each test file: npm takes five seconds.
 * What the tests link to is not the checkout, so a file that is missing from the package is missing here.
 */
export const packOnce = (): PackedPackage => {
  if (found) return found;
  const store = path.join(tmpdir(), `cryptlet-packed-${process.getuid?.() ?? 0}`);
  mkdirSync(store, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(store);
  if (uid !== (process.getuid?.() ?? uid) || (mode & 0o022) !== 0)
    throw new Error(`${store} can be written by others`);
  sweep(store);
  const folder = path.join(store, stateOfTree());
  if (existsSync(folder)) utimesSync(folder, new Date(), new Date());
  else {
    const draft = mkdtempSync(path.join(tmpdir(), "cryptlet-pack-"));
    try {
      pack(draft);
      renameSync(draft, folder);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      // Another process was quicker.
      if (!existsSync(folder)) throw error;
    }
  }
  found = describe(folder);
  return found;
};

/** What a scaffolded package asks for beside the fabric. */
const DEVELOPMENT = ["vitest", "typescript", "@types/node"];

/**
 * Does in a folder what `npm install` would: `node_modules` with the packed fabric, with what a package of an author
 * develops with, and with `.bin`. `more` are packages of the checkout that the folder's package.json names besides.
 */
export const installPacked = (folder: string, more: readonly string[] = []): void => {
  const packed = packOnce();
  const nodeModules = path.join(folder, "node_modules");
  const bin = path.join(nodeModules, ".bin");
  mkdirSync(bin, { recursive: true });
  symlinkSync(path.join(packed.nodeModules, NAME), path.join(nodeModules, NAME));
  for (const name of [...DEVELOPMENT, ...more]) linkPackage(name, nodeModules);
  symlinkSync(packed.cli, path.join(bin, "cryptlet"));
  for (const name of ["vitest", "tsc"])
    symlinkSync(path.join(root, "node_modules/.bin", name), path.join(bin, name));
};

/** A project of an author: a folder outside the checkout with the packed fabric installed. */
export interface PackedProject {
  readonly folder: string;
  /** Runs the installed command line in `folder`, or in `cwd` below it, to its end. */
  run(
    argv: readonly string[],
    options?: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly node?: string },
  ): { readonly code: number; readonly stdout: string; readonly stderr: string };
}

/** A new, empty project that is gone when the test ends. */
export const packedProject = (more: readonly string[] = []): PackedProject => {
  const folder = temporaryFolder();
  installPacked(folder, more);
  return {
    folder,
    run: (argv, { cwd = folder, env = {}, node = process.execPath } = {}) => {
      const { status, stdout, stderr } = spawnSync(node, [packOnce().cli, ...argv], {
        cwd,
        encoding: "utf8",
        env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...env },
        maxBuffer: 64 << 20,
        timeout: 120_000,
      });
      return { code: status ?? -1, stdout, stderr };
    },
  };
};
