import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { capMemory } from "./cap-memory.ts";

// @types/node knows the types of this global only.
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<WebAssembly.Module> };

/** The engine as the package brings it: these bytes are measured. */
export const readEngineBytes = (): Uint8Array =>
  readFileSync(createRequire(import.meta.url).resolve("quickjs-wasi/quickjs.wasm"));

const compiled = new Map<number, Promise<WebAssembly.Module>>();

/** The engine with its memory capped, compiled once per cap and shared by all guest threads. */
export const compileEngine = (
  engine: Uint8Array,
  memoryBytes: number,
): Promise<WebAssembly.Module> => {
  const known = compiled.get(memoryBytes);
  if (known) return known;
  const module = WebAssembly.compile(capMemory(engine, memoryBytes));
  compiled.set(memoryBytes, module);
  return module;
};
