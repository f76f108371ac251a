import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** The engine as the package brings it: these bytes are measured. */
export const readEngineBytes = (): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(createRequire(import.meta.url).resolve("quickjs-wasi/quickjs.wasm")));
