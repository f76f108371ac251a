import path from "node:path";

/** Begins the name of every module of the SDK; no other module's does. */
export const SDK_PREFIX = "cryptlet-fabric/";
const PACKAGES = "node_modules/";

/**
 * Names of modules as map, faults and sizes show them: the same in every folder and installation. `sdkRoot` is the
 * folder that holds `sdk` and `core`, `root` the package's.
 */
export const createSourceNames =
  (root: string, sdkRoot: string) =>
  (file: string): string => {
    const absolute = path.resolve(root, file);
    const inSdk = [sdkRoot, writtenIn(sdkRoot)]
      .map((folder) => path.relative(folder, absolute))
      .find(isInside);
    if (inSdk !== undefined) return SDK_PREFIX + posix(inSdk);
    const own = posix(path.relative(root, absolute));
    const at = own.lastIndexOf(PACKAGES);
    if (at !== -1) return own.slice(at);
    // The author's own folder of that name must not pass for the SDK.
    return own.startsWith(SDK_PREFIX) ? `own/${own}` : own;
  };

/** Where the maps of an installed SDK say that it was written: `src` beside `dist`, which is not installed. */
const writtenIn = (sdkRoot: string): string => sdkRoot.replace(/[\\/]dist([\\/]src)$/, "$1");

const isInside = (relative: string): boolean =>
  relative !== "" && !relative.startsWith("..") && !path.isAbsolute(relative);
const posix = (file: string): string => file.replaceAll(path.sep, "/");

/** Whether a name is of a module of the SDK. */
export const isSdkName = (name: string): boolean => name.startsWith(SDK_PREFIX);

/** The same map with these names, and with line ends as they are on every machine. */
export const renameSources = (map: Uint8Array, nameOf: (file: string) => string): Uint8Array => {
  const parsed = JSON.parse(Buffer.from(map).toString("utf8")) as {
    readonly sources: readonly string[];
    readonly sourcesContent: readonly (string | null)[];
  };
  const renamed = {
    ...parsed,
    sources: parsed.sources.map((source) => nameOf(source)),
    sourcesContent: parsed.sourcesContent.map((text) => text?.replaceAll("\r\n", "\n") ?? null),
  };
  return Buffer.from(JSON.stringify(renamed));
};
