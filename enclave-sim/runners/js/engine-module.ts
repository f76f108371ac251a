import { capMemory } from "./cap-memory.ts";
import { readEngineBytes } from "./engine-bytes.ts";

// @types/node knows the types of this global only.
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<WebAssembly.Module> };

const compiled = new Map<number, Promise<WebAssembly.Module>>();

/** The engine with its memory capped, compiled once per cap; threads that are sent it share its machine code. */
export const compileEngine = (memoryBytes: number): Promise<WebAssembly.Module> => {
  const known = compiled.get(memoryBytes);
  if (known) return known;
  const module = WebAssembly.compile(capMemory(readEngineBytes(), memoryBytes));
  compiled.set(memoryBytes, module);
  return module;
};
