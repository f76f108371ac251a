import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { sourceFaultsOf } from "../../enclave-sim/builders/source-checks/source-fault.ts";
import { buildPackage } from "../../enclave-sim/host/build-package.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// What a build takes in is published. A dependency that names a file of the developer's machine must not get it.

const manifest = {
  id: "probe",
  version: "1.0.0",
  description: "A Cryptlet for tests",
  feeds: [
    { id: "price", kind: "decimal", description: "A", minSources: 1, decimals: 2, unit: "USD" },
  ],
};
const main = (specifier: string) =>
  `import found from "${specifier}";\nexport const cryptlet = { manifest: {}, feeds: {}, run: () => found };\n`;

const buildWith = async (
  files: (outside: string) => Readonly<Record<string, string>>,
): Promise<unknown> => {
  const folder = temporaryFolder();
  const root = path.join(folder, "package");
  const outside = path.join(folder, "secret.json");
  const all = {
    "../secret.json": '{"token":"hunter2"}',
    "cryptlet.json": JSON.stringify(manifest),
  };
  for (const [name, text] of Object.entries({ ...all, ...files(outside) })) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return buildPackage(root).then(
    ({ bundle }) => Buffer.from(bundle).toString("utf8"),
    (failure: unknown) => failure,
  );
};

const dependency = (specifier: string) => ({
  "src/main.ts": main("evil"),
  "node_modules/evil/package.json": JSON.stringify({
    name: "evil",
    version: "1.0.0",
    main: "a.js",
  }),
  "node_modules/evil/a.js": `import found from "${specifier}";\nexport default found;\n`,
});

it.each([
  ["the source, by a path upwards", () => ({ "src/main.ts": main("../../secret.json") })],
  ["the source, by its whole path", (file: string) => ({ "src/main.ts": main(file) })],
  ["a package from npm", (file: string) => dependency(file)],
  ["a package from npm, by a path upwards", () => dependency("../../../secret.json")],
] as const)("refuses a file from outside that is asked for by %s", async (_who, files) => {
  const faults = sourceFaultsOf(await buildWith(files));
  expect(faults).toHaveLength(1);
  expect(faults[0]?.api).toContain("secret.json");
});

it("takes files of the package and of what is installed", async () => {
  const own = await buildWith(() => ({
    "src/main.ts": main("../rates.json"),
    "rates.json": '{"rate":"7"}',
  }));
  expect(own).toContain('rate:"7"');
  const installed = await buildWith(() => ({
    ...dependency("./rates.json"),
    "node_modules/evil/rates.json": '{"rate":"8"}',
  }));
  expect(installed).toContain('rate:"8"');
});
