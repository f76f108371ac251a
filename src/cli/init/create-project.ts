import { randomUUID } from "node:crypto";
import { lstatSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import path from "node:path";

import { fileFault } from "../../core/errors/file-fault.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { cryptletIdSchema } from "../../core/ids.ts";
import { syncFolder } from "../../core/sync-folder.ts";
import { fabricDependency, findFabricPackage, type FabricPackage } from "./fabric-package.ts";
import type { TemplateLanguage, TemplateName } from "./project-choices.ts";

/** A new package on the disk. */
export interface CreatedProject {
  /** Absolute. */
  readonly folder: string;
  /** Relative to the folder, in the order of their names. */
  readonly files: readonly string[];
  /** How its package.json names the fabric. */
  readonly fabric: string;
}

/** Names that npm refuses or that hide a module of Node. */
const isTaken = (name: string): boolean =>
  name === "node_modules" ||
  name === "favicon.ico" ||
  name === "cryptlet-fabric" ||
  isBuiltin(name);

/** What npm, or this package's own list of files, would leave out under its real name. */
const REAL_NAMES: Readonly<Record<string, string>> = {
  gitignore: ".gitignore",
  vscode: ".vscode",
  tests: "test",
};
const realName = (file: string): string => file.replace(/-test\.([jt]s)$/, ".test.$1");

/** Throws `PROJECT_NAME_INVALID`. */
export const checkProjectName = (name: string): void => {
  const refuse = (reason: string) =>
    fabricError("PROJECT_NAME_INVALID", { name: name.slice(0, 100), reason });
  if (!cryptletIdSchema.safeParse(name).success)
    throw refuse("lower-case letters, digits and inner hyphens are allowed, 1 to 64 of them");
  if (isTaken(name)) throw refuse("npm or Node has given it away");
};

const exists = (file: string): boolean => {
  try {
    lstatSync(file);
    return true;
  } catch {
    return false;
  }
};

const packageFile = (
  name: string,
  language: TemplateLanguage,
  fabric: { readonly specifier: string; readonly versions: FabricPackage["devDependencies"] },
): string => {
  // anvil is the chain that `cryptlet dev` starts.
  const tools = [
    "@foundry-rs/anvil",
    "vitest",
    ...(language === "ts" ? ["typescript", "@types/node"] : []),
  ];
  const versions = tools.map((tool) => [tool, `^${fabric.versions[tool] ?? ""}`] as const);
  const devDependencies = Object.fromEntries(
    [["cryptlet-fabric", fabric.specifier] as const, ...versions].toSorted(([a], [b]) =>
      a < b ? -1 : 1,
    ),
  );
  const scripts = {
    build: "cryptlet build .",
    dev: "cryptlet dev",
    test: "cryptlet test",
    ...(language === "ts" ? { types: "tsc -p . && tsc -p test" } : {}),
  };
  const content = {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    scripts,
    devDependencies,
    engines: { node: ">=20.19" },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
};

/** Files below a folder, relative to it. */
const filesBelow = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .toSorted();

const fill = (text: string, name: string, language: TemplateLanguage): string =>
  text
    .replaceAll("__NAME__", name)
    .replaceAll("__EXTENSION__", language)
    .replaceAll("__LANGUAGE__", language === "ts" ? "typescript" : "javascript");

const writeFiles = async (
  into: string,
  templates: string,
  project: {
    readonly name: string;
    readonly template: TemplateName;
    readonly language: TemplateLanguage;
  },
): Promise<void> => {
  const { name, template, language } = project;
  for (const layer of [
    `common/all`,
    `common/${language}`,
    `${template}/all`,
    `${template}/${language}`,
  ]) {
    const from = path.join(templates, layer);
    await cp(from, into, { recursive: true, errorOnExist: true, force: false });
  }
  for (const [stored, real] of Object.entries(REAL_NAMES))
    await rename(path.join(into, stored), path.join(into, real));
  for (const file of await filesBelow(into)) {
    const stored = path.join(into, file);
    await writeFile(stored, fill(await readFile(stored, "utf8"), name, language));
    await rename(stored, path.join(into, realName(file)));
  }
};

/**
 * Writes a new package beside its place and moves it there: the folder is whole or not there, also when the process is
 * killed (then a `.<name>-….part` may be left). Throws `PROJECT_NAME_INVALID`, `PROJECT_EXISTS`, `FILE_UNWRITABLE`.
 */
export const createProject = async (project: {
  readonly name: string;
  readonly template: TemplateName;
  readonly language: TemplateLanguage;
  /** Folder in which the new one is made. */
  readonly parent: string;
  readonly signal: AbortSignal;
}): Promise<CreatedProject> => {
  const { name, language, signal } = project;
  checkProjectName(name);
  const parent = path.resolve(project.parent);
  const folder = path.join(parent, name);
  const taken = () => fabricError("PROJECT_EXISTS", { path: path.relative("", folder) || folder });
  if (exists(folder)) throw taken();
  const fabric = findFabricPackage();
  const specifier = fabricDependency(fabric, folder);
  const draft = path.join(parent, `.${name}-${randomUUID()}.part`);
  try {
    await mkdir(draft);
    await writeFiles(draft, path.join(fabric.root, "templates"), project);
    const versions = fabric.devDependencies;
    await writeFile(
      path.join(draft, "package.json"),
      packageFile(name, language, { specifier, versions }),
    );
    const files = await filesBelow(draft);
    signal.throwIfAborted();
    await syncFolder(draft);
    // Whoever was quicker has a folder there now; an empty one would be replaced.
    if (exists(folder)) throw taken();
    await rename(draft, folder);
    return { folder, files, fabric: specifier };
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => {});
    signal.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    if (code === "PROJECT_EXISTS") throw error;
    if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOTDIR") throw taken();
    throw fabricError(
      "FILE_UNWRITABLE",
      { file: folder, reason: fileFault(error) },
      { cause: error },
    );
  }
};
