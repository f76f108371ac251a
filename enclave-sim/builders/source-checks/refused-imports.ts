import { builtinModules } from "node:module";
import type { Plugin } from "esbuild";

/** An import of something that no package can hold. */
export interface RefusedImport {
  /** Absolute path of the module that asks. */
  readonly importer: string;
  /** As it stands there: `node:fs`. */
  readonly specifier: string;
}

const builtins = new Set(builtinModules);
/** Whatever could name a module of Node or something on the network. */
const SUSPECT = /^(?:[a-z]+:|[a-z_][a-z0-9_/]*$)/;
/** Code inside an address would be no file, which a reader could look at and a release would name. */
const OWN_SCHEMES = /^(?:data:(?:application\/json|text\/plain)[;,]|cryptlet:)/;

/**
 * Notes imports of Node's modules and of addresses and lets the build go on, so that all faults are told at once. A
 * package from npm that has the name of one of Node's modules, such as `buffer`, is that package.
 */
export const refuseImports = (refused: RefusedImport[]): Plugin => ({
  name: "refused-imports",
  setup: (build) => {
    build.onResolve(
      { filter: SUSPECT },
      async ({ path, importer, resolveDir, kind, pluginData }) => {
        if (pluginData === refused || OWN_SCHEMES.test(path)) return undefined;
        const isScheme = /^[a-z]+:/.test(path);
        if (!isScheme && !builtins.has(path)) return undefined;
        if (!isScheme) {
          const found = await build.resolve(path, {
            resolveDir,
            importer,
            kind,
            pluginData: refused,
          });
          if (found.errors.length === 0 && !found.external) return undefined;
        }
        refused.push({ importer, specifier: path });
        return { path, namespace: "refused" };
      },
    );
    // Of a CommonJS module any name can be imported.
    build.onLoad({ filter: /.*/, namespace: "refused" }, () => ({
      contents: "module.exports = {};",
      loader: "js",
    }));
  },
});
