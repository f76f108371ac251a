import { ByteReader } from "./wasm-bytes.ts";
import { OPCODE, TYPE, VALUE_TYPES } from "./wasm-instructions.ts";

/** Parameter and result types of a function, as bytes of section 5.3.1. */
export interface FunctionType {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

export interface FunctionImport {
  readonly module: string;
  readonly name: string;
  readonly type: number;
}

/** Smallest size in pages or entries, and the largest if the module bounds itself. */
export interface SizeRange {
  readonly minimum: number;
  readonly maximum: number | null;
}

export interface GlobalDefinition {
  readonly type: number;
  readonly mutable: boolean;
  /** A constant and `end`. */
  readonly init: Uint8Array;
}

export interface ModuleExport {
  readonly kind: "function" | "table" | "memory" | "global";
  readonly index: number;
}

/** Functions that are put into the table at a constant place. */
export interface ElementSegment {
  readonly offset: Uint8Array;
  readonly functions: readonly number[];
}

export interface DataSegment {
  readonly offset: Uint8Array;
  readonly bytes: Uint8Array;
}

/** One function's code: its extra locals, and where its instructions stand. */
export interface FunctionBody {
  readonly locals: readonly { readonly count: number; readonly type: number }[];
  readonly code: ByteReader;
}

/** A module as it is before the admission pass. */
export interface WasmModule {
  readonly types: readonly FunctionType[];
  readonly imports: readonly FunctionImport[];
  /** Type index of each function that is not imported. */
  readonly functions: readonly number[];
  readonly table: SizeRange | null;
  readonly memory: SizeRange;
  readonly globals: readonly GlobalDefinition[];
  readonly exports: ReadonlyMap<string, ModuleExport>;
  readonly elements: readonly ElementSegment[];
  readonly bodies: readonly FunctionBody[];
  readonly data: readonly DataSegment[];
  /** Custom sections by name; of several the first. */
  readonly custom: ReadonlyMap<string, Uint8Array>;
}

/** Far above what compilers make, far below what would hurt. */
const MAX = {
  types: 10_000,
  imports: 256,
  functions: 100_000,
  globals: 10_000,
  exports: 10_000,
  segments: 100_000,
  name: 1_024,
  /** V8 takes 50,000, parameters and the pass's own included. */
  locals: 40_000,
  tableEntries: 100_000,
  /** One byte of LEB128, so that a count is as long as it looks. */
  values: 127,
} as const;

/** Section ids in the order in which they may stand; each at most once (section 5.5.2). */
const ORDER = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];
const NAMES = ["type", "import", "function", "table", "memory", "global"];
const EXPORT_KINDS = ["function", "table", "memory", "global"] as const;
const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

const readType = (reader: ByteReader): number => {
  const type = reader.byte();
  if (!VALUE_TYPES.has(type)) throw reader.refuse("a value is no number");
  return type;
};

const readFunctionType = (reader: ByteReader): FunctionType => {
  if (reader.byte() !== 0x60) throw reader.refuse("a type is no function");
  const values = () => reader.list(() => readType(reader), MAX.values);
  return { parameters: values(), results: values() };
};

const readImport = (reader: ByteReader): FunctionImport => {
  const module = reader.name(MAX.name);
  const name = reader.name(MAX.name);
  if (reader.byte() !== 0) throw reader.refuse(`${module}.${name} is no function`);
  return { module, name, type: reader.u32() };
};

/** Flags beyond the maximum mean shared or 64-bit memory. */
const readSize = (reader: ByteReader): SizeRange => {
  const flags = reader.byte();
  if (flags > 1) throw reader.refuse("a memory or table is shared or has 64 bits");
  const minimum = reader.u32();
  const maximum = flags === 1 ? reader.u32() : null;
  if (maximum !== null && maximum < minimum) throw reader.refuse("a maximum is below its minimum");
  return { minimum, maximum };
};

const readTable = (reader: ByteReader): SizeRange => {
  if (reader.byte() !== 0x70) throw reader.refuse("a table holds no functions");
  const size = readSize(reader);
  if (size.minimum > MAX.tableEntries)
    throw reader.refuse(`a table has ${size.minimum} of at most ${MAX.tableEntries} entries`);
  return size;
};

/** The bytes of a constant expression: one constant and `end`. */
const readConstant = (reader: ByteReader, type: number): Uint8Array => {
  const start = reader.at;
  const opcode = reader.byte();
  const expected = { [TYPE.i32]: 0x41, [TYPE.i64]: 0x42, [TYPE.f32]: 0x43, [TYPE.f64]: 0x44 }[type];
  if (opcode !== expected) throw reader.refuse("an initial value is no constant of its type");
  if (opcode === OPCODE.f32Const) reader.skip(4);
  else if (opcode === OPCODE.f64Const) reader.skip(8);
  else reader.skipSigned(opcode === OPCODE.i32Const ? 5 : 10);
  if (reader.byte() !== OPCODE.end) throw reader.refuse("an initial value is more than a constant");
  return reader.bytes.subarray(start, reader.at);
};

const readGlobal = (reader: ByteReader): GlobalDefinition => {
  const type = readType(reader);
  const mutability = reader.byte();
  if (mutability > 1) throw reader.refuse("a global is neither constant nor mutable");
  return { type, mutable: mutability === 1, init: readConstant(reader, type) };
};

const readExport = (reader: ByteReader): readonly [string, ModuleExport] => {
  const name = reader.name(MAX.name);
  const kind = EXPORT_KINDS[reader.byte()];
  if (kind === undefined) throw reader.refuse("an export has an unknown kind");
  return [name, { kind, index: reader.u32() }];
};

/** Only active segments: passive ones exist for threads and for instructions that are not admitted. */
const readElement = (reader: ByteReader): ElementSegment => {
  const flags = reader.u32();
  if (flags !== 0 && flags !== 2)
    throw reader.refuse("an element segment is not a list of functions");
  if (flags === 2 && reader.u32() !== 0) throw reader.refuse("there is one table only");
  const offset = readConstant(reader, TYPE.i32);
  if (flags === 2 && reader.byte() !== 0) throw reader.refuse("an element is no function");
  return { offset, functions: reader.list(() => reader.u32(), MAX.tableEntries) };
};

const readData = (reader: ByteReader): DataSegment => {
  const flags = reader.u32();
  if (flags !== 0 && flags !== 2) throw reader.refuse("a data segment is passive");
  if (flags === 2 && reader.u32() !== 0) throw reader.refuse("there is one memory only");
  const offset = readConstant(reader, TYPE.i32);
  return { offset, bytes: reader.slice(reader.u32()) };
};

const readBody = (section: ByteReader): FunctionBody => {
  const code = section.part(section.u32());
  let total = 0;
  const locals = code.list(() => {
    const count = code.u32();
    total += count;
    if (total > MAX.locals) throw code.refuse(`a function has more than ${MAX.locals} locals`);
    return { count, type: readType(code) };
  }, MAX.locals);
  return { locals, code };
};

/** Sections by id, and custom ones by name. */
const readSections = (reader: ByteReader) => {
  const sections = new Map<number, ByteReader>();
  const custom = new Map<string, Uint8Array>();
  let last = -1;
  while (!reader.done) {
    const id = reader.byte();
    const section = reader.part(reader.u32());
    if (id === 0) {
      const name = section.name(MAX.name);
      if (!custom.has(name)) custom.set(name, section.bytes.subarray(section.at, section.end));
      continue;
    }
    const place = ORDER.indexOf(id);
    if (place < 0) throw section.refuse(`section ${id} is not known`);
    if (place <= last) throw section.refuse(`section ${id} stands twice or out of order`);
    last = place;
    sections.set(id, section);
  }
  return { sections, custom };
};

/**
 * Reads a core module whole, with what the fabric admits and nothing else: no start function, one memory of its own, at
 * most one table of functions, numbers as the only values, active segments at constant places. Throws `WASM_REFUSED`.
 */
export const readWasmModule = (bytes: Uint8Array): WasmModule => {
  const reader = new ByteReader(bytes);
  for (const expected of HEADER)
    if (reader.byte() !== expected) throw reader.refuse("it is no core module of version 1");
  const { sections, custom } = readSections(reader);
  const listOf = <Item>(id: number, read: (section: ByteReader) => Item, most: number): Item[] => {
    const section = sections.get(id);
    if (!section) return [];
    const items = section.list(() => read(section), most);
    section.finish(`section ${NAMES[id - 1] ?? id}`);
    return items;
  };
  const types = listOf(1, readFunctionType, MAX.types);
  const imports = listOf(2, readImport, MAX.imports);
  const functions = listOf(3, (section) => section.u32(), MAX.functions);
  const [table = null] = listOf(4, readTable, 1);
  const [memory] = listOf(5, readSize, 1);
  const globals = listOf(6, readGlobal, MAX.globals);
  const exported = listOf(7, readExport, MAX.exports);
  const exports = new Map(exported);
  const start = sections.get(8);
  if (start) throw start.refuse("it has a start function; export _initialize in its place");
  const elements = listOf(9, readElement, MAX.segments);
  const bodies = listOf(10, readBody, MAX.functions);
  const data = listOf(11, readData, MAX.segments);
  if (!memory) throw reader.refuse("it has no memory of its own");
  if (bodies.length !== functions.length)
    throw reader.refuse(`${functions.length} functions have ${bodies.length} bodies`);
  if (exports.size !== exported.length) throw reader.refuse("it exports a name twice");
  const outside = [...imports.map(({ type }) => type), ...functions].find(
    (type) => type >= types.length,
  );
  if (outside !== undefined) throw reader.refuse(`there is no type ${outside}`);
  return {
    types,
    imports,
    functions,
    table,
    memory,
    globals,
    exports,
    elements,
    bodies,
    data,
    custom,
  };
};
