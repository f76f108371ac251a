/** A linear memory of the host's making. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** A global that an instance exports. */
export interface WasmGlobal {
  value: number | bigint;
}

export interface WasmTable {
  get(index: number): unknown;
}

/** Functions that a module imports, by module and name. */
export type WasmImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

// @types/node knows a part of this global only.
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  compile(bytes: Uint8Array): Promise<WebAssembly.Module>;
  instantiate(
    module: WebAssembly.Module,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ): Promise<{ readonly exports: Readonly<Record<string, unknown>> }>;
  readonly Memory: new (size: { initial: number; maximum: number }) => WasmMemory;
  readonly Module: {
    customSections(module: WebAssembly.Module, name: string): readonly ArrayBuffer[];
  };
};

/** Whether V8 takes the bytes as a module. Never throws. */
export const isValidModule = (bytes: Uint8Array): boolean => WebAssembly.validate(bytes);

export const compileModule = (bytes: Uint8Array): Promise<WebAssembly.Module> =>
  WebAssembly.compile(bytes);

/** Rejects with what the engine says of imports that do not fit, or of segments that lie outside. */
export const instantiateModule = async (
  module: WebAssembly.Module,
  imports: WasmImports,
): Promise<Readonly<Record<string, unknown>>> =>
  (await WebAssembly.instantiate(module, imports)).exports;

/** Pages of 64 KiB. */
export const createMemory = (initial: number, maximum: number): WasmMemory =>
  new WebAssembly.Memory({ initial, maximum });

/** Text of a custom section; null where there is none. */
export const customText = (module: WebAssembly.Module, name: string): string | null => {
  const [section] = WebAssembly.Module.customSections(module, name);
  return section ? new TextDecoder().decode(section) : null;
};
