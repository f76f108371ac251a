import { ByteWriter } from "../../enclave-sim/runners/wasm/wasm-bytes.ts";

// A small assembler for tests: bytes of the binary format, section by section, right or wrong as a test wants them.

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const END = 0x0b;

/** Signed LEB128 of a constant. */
export const leb = (value: number): number[] => [...new ByteWriter().s33(value).view()];
export const uleb = (value: number): number[] => [...new ByteWriter().u32(value).view()];
export const constant = (value: number): number[] => [0x41, ...leb(value)];
const text = (value: string): number[] => [...new ByteWriter().name(value).view()];
const list = (items: readonly (readonly number[])[]): number[] => [
  ...uleb(items.length),
  ...items.flat(),
];

export const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...uleb(content.length),
  ...content,
];
const sectionOf = (id: number, items: readonly (readonly number[])[]): number[] =>
  items.length === 0 ? [] : section(id, list(items));

export interface TestFunction {
  readonly parameters?: readonly number[];
  readonly results?: readonly number[];
  /** Count and type of each group. */
  readonly locals?: readonly (readonly [number, number])[];
  /** Without the last `end`. */
  readonly code: readonly number[];
}

export interface TestModule {
  readonly imports?: readonly {
    readonly from: string;
    readonly name: string;
    readonly parameters?: readonly number[];
    readonly results?: readonly number[];
  }[];
  readonly functions?: readonly TestFunction[];
  /** Content of the section; one page when left out, none with null. */
  readonly memory?: readonly number[] | null;
  readonly table?: readonly number[];
  /** Type, mutability and constant expression of each. */
  readonly globals?: readonly (readonly number[])[];
  /** Name, kind and index. */
  readonly exports?: readonly (readonly [string, number, number])[];
  readonly start?: number;
  /** Content of each segment. */
  readonly elements?: readonly (readonly number[])[];
  readonly data?: readonly (readonly number[])[];
  /** Whole sections, put behind the others. */
  readonly behind?: readonly number[];
}

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** Bytes of a module; each function and import has a type of its own. */
export const wasmBytes = (module: TestModule): Uint8Array<ArrayBuffer> => {
  const { imports = [], functions = [], memory = [1, 0, 1], exports = [] } = module;
  const signatures = [...imports, ...functions];
  const types = signatures.map(({ parameters = [], results = [] }) => [
    0x60,
    ...list(parameters.map((type) => [type])),
    ...list(results.map((type) => [type])),
  ]);
  const bodies = functions.map(({ locals = [], code }) => {
    const body = [...list(locals.map(([count, type]) => [...uleb(count), type])), ...code, END];
    return [...uleb(body.length), ...body];
  });
  return Uint8Array.from([
    ...HEADER,
    ...sectionOf(1, types),
    ...sectionOf(
      2,
      imports.map(({ from, name }, at) => [...text(from), ...text(name), 0, ...uleb(at)]),
    ),
    ...sectionOf(
      3,
      functions.map((_, at) => uleb(imports.length + at)),
    ),
    ...(module.table ? section(4, module.table) : []),
    ...(memory ? section(5, memory) : []),
    ...sectionOf(6, module.globals ?? []),
    ...sectionOf(
      7,
      exports.map(([name, kind, index]) => [...text(name), kind, ...uleb(index)]),
    ),
    ...(module.start === undefined ? [] : section(8, uleb(module.start))),
    ...sectionOf(9, module.elements ?? []),
    ...sectionOf(10, bodies),
    ...sectionOf(11, module.data ?? []),
    ...(module.behind ?? []),
  ]);
};

/** The three functions of the wall, in this order: 0 host_call, 1 host_take, 2 host_return. */
const WALL_IMPORTS = [
  { from: "cryptlet", name: "host_call", parameters: [I32, I32], results: [I32] },
  { from: "cryptlet", name: "host_take", parameters: [I32] },
  { from: "cryptlet", name: "host_return", parameters: [I32, I32] },
];
export const HOST = { call: 0, take: 1, return: 2 } as const;
/** Index of the first function of `probe`'s `more`. */
export const FIRST_OWN = 6;
const OUTCOME = new TextEncoder().encode(
  '{"error":{"code":"CRYPTLET_FAILED","arguments":{"reason":"x"}}}',
);
/** Where `probe` keeps its outcome, and gives out memory for the trigger. */
export const OUTCOME_AT = 1_024;
const TRIGGER_AT = 4_096;
/** Gives the outcome above to the host. */
export const RETURN_OUTCOME = [
  ...constant(OUTCOME_AT),
  ...constant(OUTCOME.length),
  0x10,
  HOST.return,
];

/**
 * A module that speaks the ABI and returns an outcome. `handle` runs before; `more` are functions behind it, the rest
 * replaces what the probe has.
 */
export const probeModule = (
  options: {
    readonly handle?: readonly number[];
    readonly locals?: TestFunction["locals"];
    readonly more?: readonly TestFunction[];
  } & Partial<TestModule> = {},
): Uint8Array<ArrayBuffer> => {
  const { handle = [], locals = [], more = [], ...rest } = options;
  return wasmBytes({
    imports: WALL_IMPORTS,
    functions: [
      { results: [I32], code: constant(1) },
      { parameters: [I32], results: [I32], code: constant(TRIGGER_AT) },
      {
        parameters: [I32, I32],
        results: [I32],
        locals,
        code: [...handle, ...RETURN_OUTCOME, ...constant(0)],
      },
      ...more,
    ],
    exports: [
      ["memory", 2, 0],
      ["cryptlet_abi", 0, 3],
      ["cryptlet_alloc", 0, 4],
      ["cryptlet_handle", 0, 5],
    ],
    data: [[0, ...constant(OUTCOME_AT), END, ...uleb(OUTCOME.length), ...OUTCOME]],
    ...rest,
  });
};
