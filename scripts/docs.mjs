// `npm run docs`: prints what the code knows better than a text by hand could. `--check` changes nothing and fails when
// a printed file is out of date. Needs a build.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createApi } from "../dist/src/api/create-api.js";
import { printCliDocs } from "../dist/src/cli/docs.js";
import { silentLog } from "../dist/src/core/log.js";
import { printConfig, printConfigSchema } from "./docs/config.mjs";
import { printErrors } from "./docs/errors.mjs";
import { printHttpApi } from "./docs/http-api.mjs";
import { printManifest, printManifestSchema } from "./docs/manifest.mjs";
import { root } from "./run.mjs";

const readOpenApi = async () => {
  // Routes are described without a fabric behind them; none is asked.
  const api = createApi({ fabric: {}, log: silentLog });
  const document = await api.openapi();
  await api.close();
  return document;
};
const openapi = await readOpenApi();

const files = {
  "docs/errors.md": printErrors(),
  "docs/config.md": printConfig(),
  "docs/config.schema.json": printConfigSchema(),
  "docs/manifest.md": printManifest(),
  "docs/manifest.schema.json": printManifestSchema(),
  "docs/cli.md": printCliDocs(),
  "docs/openapi.json": `${JSON.stringify(openapi, null, 2)}\n`,
  "docs/http-api.md": printHttpApi(openapi),
};

const check = process.argv.includes("--check");
const stale = Object.entries(files).filter(([file, text]) => {
  const target = path.join(root, file);
  return !existsSync(target) || readFileSync(target, "utf8") !== text;
});
if (check && stale.length > 0) {
  console.error(`out of date: ${stale.map(([file]) => file).join(", ")}; run npm run docs`);
  process.exit(1);
}
if (!check) {
  for (const [file, text] of stale) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
    console.error(`printed ${file}`);
  }
}
