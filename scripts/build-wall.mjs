// Puts what runs behind the outer wall into one folder: guest process, guest thread and engines with everything they
// import, so that nothing else of the installation has to be seen from inside.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const source = path.join(root, "dist/enclave-sim");
const outdir = path.join(source, "wall/inside");
const require = createRequire(import.meta.url);

/**
 * Optional peers stay outside: what is built here is part of what the fabric ships, and their licence is not. The wall
 * shows a guest those that are installed (enclave-sim/wall/engine-command.ts).
 */
const OPTIONAL = ["@ethereumjs/evm", "@ethereumjs/common", "@ethereumjs/util"];

rmSync(outdir, { recursive: true, force: true });
mkdirSync(outdir, { recursive: true });
const { metafile } = await build({
  // The last one is what the engines load by its name, when a Cryptlet first asks for a signature.
  entryPoints: Object.fromEntries(
    ["guest/guest-process", "guest/guest-thread", "capabilities/intrinsics/pure-signatures"].map(
      (entry) => [path.basename(entry), path.join(source, `${entry}.js`)],
    ),
  ),
  outdir,
  bundle: true,
  metafile: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  external: OPTIONAL,
  legalComments: "none",
  logLevel: "warning",
  // Dependencies in CommonJS ask for Node's modules.
  banner: {
    js: `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`,
  },
});
copyFileSync(require.resolve("quickjs-wasi/quickjs.wasm"), path.join(outdir, "quickjs.wasm"));
// Node takes .js files for CommonJS where no package says otherwise.
writeFileSync(path.join(outdir, "package.json"), `{ "type": "module" }\n`);

/** What may be copied into the package: no licence that would ask for more than its own text. */
const ALLOWED = new Set(["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC"]);
const bundled = Object.keys(metafile.inputs).map(
  (input) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1],
);
const names = [...new Set(["quickjs-wasi", ...bundled])].filter((name) => name !== undefined);
const licences = names.toSorted().map((name) => {
  const folder = path.join(root, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (!ALLOWED.has(license) || file === undefined)
    throw new Error(`${name} (${license}) cannot be copied into what the wall shows`);
  return `${name} ${version}\n\n${readFileSync(path.join(folder, file), "utf8").trim()}\n`;
});
writeFileSync(path.join(source, "wall/LICENSES.txt"), licences.join("\n\n"));
