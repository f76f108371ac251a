import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** Beside the code behind the outer wall, where there is no node_modules. */
const beside = new URL("quickjs.wasm", import.meta.url);

/** The engine as the package brings it: these bytes are measured. */
export const readEngineBytes = (): Uint8Array<ArrayBuffer> =>
  new Uint8Array(
    readFileSync(
      existsSync(beside)
        ? beside
        : createRequire(import.meta.url).resolve("quickjs-wasi/quickjs.wasm"),
    ),
  );
