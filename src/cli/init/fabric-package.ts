import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

/** The package that this command line is part of. */
export interface FabricPackage {
  readonly root: string;
  readonly version: string;
  /** Versions of the tools that it is developed with. */
  readonly devDependencies: Readonly<Record<string, string>>;
}

const NAME = "cryptlet-fabric";
/** A checkout's own; nothing is published under it. */
const UNPUBLISHED = "0.0.0";

const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  devDependencies: z.record(z.string(), z.string()).default({}),
});
const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ resolved: z.string().optional() })),
});

const readJson = <Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): z.output<Schema> | null => {
  try {
    return schema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return null;
  }
};

/** The nearest folder above a file that is this package. */
export const findFabricPackage = (from: string = import.meta.dirname): FabricPackage => {
  for (let root = from; ; root = path.dirname(root)) {
    const found = readJson(path.join(root, "package.json"), packageSchema);
    if (found?.name === NAME) return { root, ...found };
    if (path.dirname(root) === root) throw new Error(`${NAME} is not above ${from}`);
  }
};

/** What npm noted of where the package in a `node_modules` came from; null where it noted nothing. */
const resolvedFrom = (
  root: string,
): { readonly base: string; readonly resolved: string } | null => {
  const nodeModules = path.dirname(root);
  if (path.basename(nodeModules) !== "node_modules") return null;
  const lock = readJson(path.join(nodeModules, ".package-lock.json"), lockSchema);
  const resolved = lock?.packages[`node_modules/${NAME}`]?.resolved;
  return resolved === undefined ? null : { base: path.dirname(nodeModules), resolved };
};

const fileSpecifier = (from: string, to: string): string =>
  `file:${path.relative(from, to).split(path.sep).join("/")}`;

/**
 * How a package in `folder` names this one in its package.json: the installed version when that came from a registry,
 * else the tarball it was installed from, or where this command line runs from.
 */
export const fabricDependency = (fabric: FabricPackage, folder: string): string => {
  const from = resolvedFrom(fabric.root);
  if (from && /^https?:/.test(from.resolved)) return `^${fabric.version}`;
  if (from?.resolved.startsWith("file:")) {
    const origin = path.resolve(from.base, from.resolved.slice("file:".length));
    if (existsSync(origin) && statSync(origin).isFile()) return fileSpecifier(folder, origin);
  }
  const inNodeModules = path.basename(path.dirname(fabric.root)) === "node_modules";
  if (!from && inNodeModules && fabric.version !== UNPUBLISHED) return `^${fabric.version}`;
  return fileSpecifier(folder, fabric.root);
};
