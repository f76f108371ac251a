import { capMemory } from "./cap-memory.ts";
import { readEngineBytes } from "./engine-bytes.ts";
import { keepExports } from "./keep-exports.ts";

// @types/node knows the types of this global only.
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<WebAssembly.Module> };

const compiled = new Map<number, Promise<WebAssembly.Module>>();

/** What quickjs-wasi asks the module for without extensions: its own functions, not the three hundred of QuickJS. */
const USED =
  /^(?:qjs_\w+|(?:wasm_)?(?:malloc|free)|memory|_initialize|__stack_pointer|__indirect_function_table)$/;
export const isUsedExport = (name: string): boolean => USED.test(name);

/** The engine with its memory capped, compiled once per cap; threads that are sent it share its machine code. */
export const compileEngine = (memoryBytes: number): Promise<WebAssembly.Module> => {
  const known = compiled.get(memoryBytes);
  if (known) return known;
  const module = WebAssembly.compile(
    capMemory(keepExports(readEngineBytes(), isUsedExport), memoryBytes),
  );
  compiled.set(memoryBytes, module);
  return module;
};
