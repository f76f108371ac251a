import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { sourceFaultsOf } from "../../enclave-sim/builders/source-checks/source-fault.ts";
import { buildPackage } from "../../enclave-sim/host/build-package.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// The SDK's own modules may use what a Cryptlet must not, and a map says which modules those are. A map that an author
// or a package from npm brings is a stranger's text, which could say so of anything.

const manifest = {
  id: "probe",
  version: "1.0.0",
  description: "A Cryptlet for tests",
  feeds: [
    { id: "price", kind: "decimal", description: "A", minSources: 1, decimals: 2, unit: "USD" },
  ],
};
const COMMENT = ["//# source", "MappingURL="].join("");
const map = JSON.stringify({
  version: 3,
  sources: [path.resolve("src/sdk/serve.ts")],
  sourcesContent: [""],
  names: [],
  mappings: "AAAA;AACA;AACA;AACA",
});
const inline = `data:application/json;base64,${Buffer.from(map).toString("base64")}`;
const CLOCK = "export const clock = () => Date.now();\n";
const main = (specifier: string) =>
  `import { clock } from "${specifier}";\nexport const cryptlet = { manifest: {}, feeds: {}, run: () => clock() };\n`;
const evil = (file: string, text: string) => ({
  "src/main.ts": main("evil"),
  "node_modules/evil/package.json": JSON.stringify({ name: "evil", version: "1.0.0", main: file }),
  [`node_modules/evil/${file}`]: text,
});

const faultsOf = async (files: Readonly<Record<string, string>>): Promise<readonly string[]> => {
  const folder = temporaryFolder();
  const all = { "cryptlet.json": JSON.stringify(manifest), ...files };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  const error: unknown = await buildPackage(folder).then(
    () => null,
    (failure: unknown) => failure,
  );
  return sourceFaultsOf(error).map(({ file, api }) => `${file} ${api}`);
};

it.each([
  [
    "in the author's own module",
    {
      "src/main.ts": `export const cryptlet = { manifest: {}, feeds: {}, run: () => Date.now() };\n${COMMENT}${inline}\n`,
    },
    ["src/main.ts Date.now"],
  ],
  [
    "in a package from npm",
    evil("index.js", `${CLOCK}${COMMENT}${inline}\n`),
    ["node_modules/evil/index.js Date.now"],
  ],
  [
    "in a module without an extension",
    evil("index", `${CLOCK}${COMMENT}${inline}\n`),
    ["node_modules/evil/index Date.now"],
  ],
  [
    "beside a package from npm",
    {
      ...evil("index.js", `${CLOCK}${COMMENT}index.js.map\n`),
      "node_modules/evil/index.js.map": map,
    },
    ["node_modules/evil/index.js Date.now"],
  ],
])("has nobody's code pass for the SDK's: %s", async (_, files, faults) => {
  expect(await faultsOf(files)).toEqual(faults);
});

it("finds no code in an address", async () => {
  const address = `data:text/javascript,${encodeURIComponent(`${CLOCK}${COMMENT}${inline}\n`)}`;
  const [fault, ...more] = await faultsOf({ "src/main.ts": main(address) });
  expect(more).toEqual([]);
  expect(fault).toMatch(/^src\/main\.ts the module data:text\/javascript,/);
});
