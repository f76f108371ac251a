// `npm run api` writes one report per entry of the package into api/: every exported symbol with its types, as a user of
// the built declarations sees it. `--check` fails where a report is not what the code says, so that a change of what is
// public shows in review. The entries that people write against get a page in docs/ too, from the same model.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { printReferencePage } from "./docs/reference-page.mjs";
import { root } from "./run.mjs";

const check = process.argv.includes("--check");
const folder = path.join(root, "api");
const { exports: entries } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
const typed = Object.entries(entries).flatMap(([name, entry]) =>
  typeof entry === "object" && entry.types && entry.default ? [{ name, types: entry.types }] : [],
);
/** `.` -> `index`, `./client/viem` -> `client-viem`. */
const reportName = (name) => (name === "." ? "index" : name.slice(2).replaceAll("/", "-"));

/** Entries that people write against: each has a page of its own in docs/. */
const PAGES = {
  "./sdk": [
    "sdk.md",
    "What a Cryptlet imports. All of it may become part of a measured bundle. `RunContext` is the `ctx` that `run` gets; " +
      "[the manifest](manifest.md) says what of it is granted.",
  ],
  "./test-kit": [
    "test-kit.md",
    "What the tests of a Cryptlet import; [Tests](testing.md) says how they are written.",
  ],
  "./client": [
    "client-reference.md",
    "What a backend imports; [the client](client.md) says what to use when.",
  ],
};

/** Writes what changed, or says so with `--check`. */
const settle = (target, text) => {
  const known = existsSync(target) ? readFileSync(target, "utf8") : "";
  if (known === text) return;
  if (check) {
    const name = path.relative(root, target);
    console.error(`${name} is not what the code says: npm run api writes it anew`);
    failed = true;
  } else {
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
};

const temporary = mkdtempSync(path.join(tmpdir(), "cryptlet-api-"));
const written = new Set();
let failed = false;
try {
  for (const { name, types } of typed) {
    const file = `${reportName(name)}.api.md`;
    written.add(file);
    const config = ExtractorConfig.prepare({
      configObject: {
        projectFolder: root,
        mainEntryPointFilePath: path.join(root, types),
        compiler: {
          overrideTsconfig: {
            compilerOptions: {
              target: "es2022",
              lib: ["es2022", "esnext", "dom"],
              module: "nodenext",
              moduleResolution: "nodenext",
              strict: true,
              exactOptionalPropertyTypes: true,
              skipLibCheck: true,
              types: ["node"],
            },
            files: [path.join(root, types)],
          },
        },
        apiReport: {
          enabled: true,
          reportFileName: file,
          reportFolder: temporary,
          reportTempFolder: path.join(temporary, "temp"),
        },
        docModel: PAGES[name]
          ? { enabled: true, apiJsonFilePath: path.join(temporary, "model.json") }
          : { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        newlineKind: "lf",
        messages: {
          // What our comments may hold is a test of ours; the report is about names and types.
          compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
          extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
          tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        },
      },
      configObjectFullPath: undefined,
      packageJsonFullPath: path.join(root, "package.json"),
    });
    mkdirSync(path.join(temporary, "temp"), { recursive: true });
    const result = Extractor.invoke(config, {
      localBuild: true,
      showVerboseMessages: false,
      messageCallback: (message) => {
        if (message.logLevel !== ExtractorLogLevel.Error) message.handled = true;
      },
    });
    if (!result.succeeded) {
      console.error(`${name}: no report could be made`);
      failed = true;
      continue;
    }
    const text = readFileSync(path.join(temporary, file), "utf8").replace(
      /^## API Report File for .*$/m,
      `## cryptlet-fabric${name.slice(1)}`,
    );
    settle(path.join(folder, file), text);
    if (!PAGES[name]) continue;
    const [page, about] = PAGES[name];
    const model = JSON.parse(readFileSync(path.join(temporary, "model.json"), "utf8"));
    settle(
      path.join(root, "docs", page),
      printReferencePage(model, `cryptlet-fabric${name.slice(1)}`, about),
    );
  }
  for (const file of existsSync(folder) ? readdirSync(folder) : []) {
    if (written.has(file)) continue;
    if (check) {
      console.error(`api/${file} is of no entry: npm run api removes it`);
      failed = true;
    } else rmSync(path.join(folder, file));
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
