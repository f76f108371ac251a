import { instrumentFunction, METER, type Meter } from "./instrument-function.ts";
import { ByteWriter, refuseModule } from "./wasm-bytes.ts";
import { isValidModule } from "./web-assembly.ts";
import { OPCODE, PREFIXED, TYPE } from "./wasm-instructions.ts";
import { type FunctionType, readWasmModule, type WasmModule } from "./wasm-module.ts";
import { ADMISSION_VERSION, BYTES_SHIFT } from "./wasm-interpreter.ts";
import { checkImports, profileOf, type WasmProfile, type WasmProfileName } from "./wasm-profile.ts";

// Looked at before this was written: binaryen 132 (its optimiser rewrites what it reads, so that the measured bytes would
// be its own; it aborts the process on some malformed input), wabt 1.0.39 and @webassemblyjs/wasm-parser 1.14 (read, but
// write nothing back that is byte-exact), wasmparser 5.11 (a reader only), wasm-metering 0.2 (not kept since 2019, knows
// WebAssembly 1.0 alone, copyleft). What is needed is a strict reader with a list of what is allowed, and a writer.

/** Custom section in which an admitted module says what it needs. */
export const ADMISSION_SECTION = "cryptlet.admission";
/** Largest module before and after the pass, in bytes. */
const MAX_BYTES = 16_777_216;
const MAX_ADMITTED_BYTES = 67_108_864;
/** Instructions that a new page costs. */
const PAGE_COST = 1_024;
const MAX_PAGES = 65_536;

/** What an admitted module needs from its host. */
export interface Admission {
  readonly version: number;
  readonly profile: WasmProfileName;
  /** Pages of 64 KiB; the largest size is null where only the host bounds it. */
  readonly memory: { readonly minimum: number; readonly maximum: number | null };
  /** Mutable globals, exported as `g0`, `g1`, … so that a snapshot holds them. */
  readonly globals: number;
}

export interface AdmittedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly admission: Admission;
  /** Custom sections of the module as it came. */
  readonly custom: ReadonlyMap<string, Uint8Array>;
}

/**
 * The admission pass: reads a core module by a list of what is allowed and writes it again with its walls inside. Its
 * memory becomes an import, so that the host's bound holds; code pays fuel before it runs and counts its stack; NaNs are
 * canonical; of its exports only those of the ABI are left. The same bytes give the same bytes. Throws `WASM_REFUSED`.
 * @example
 * ```ts
 * const module = await WebAssembly.compile(admitModule(bundle).bytes);
 * ```
 */
export const admitModule = (bytes: Uint8Array): AdmittedModule => {
  if (bytes.length > MAX_BYTES)
    throw refuseModule(`it has ${bytes.length} of at most ${MAX_BYTES} bytes`);
  const module = readWasmModule(bytes);
  const profile = profileOf(module);
  checkImports(module, profile);
  checkPlaces(module);
  // Types are V8's to check, before the pass: afterwards a wrong index could mean a part that the pass added.
  if (!isValidModule(bytes)) throw refuseModule("it is not valid");
  const mutable = module.globals.flatMap(({ mutable: changes }, index) => (changes ? [index] : []));
  const admission: Admission = {
    version: ADMISSION_VERSION,
    profile: profile.name,
    memory: module.memory,
    globals: mutable.length,
  };
  const admitted = writeAdmitted(module, profile, mutable, admission);
  if (admitted.length > MAX_ADMITTED_BYTES)
    throw refuseModule(`with its metering it has ${admitted.length} bytes`);
  if (!isValidModule(admitted)) throw refuseModule("it is not valid after the pass");
  return { bytes: admitted, admission, custom: module.custom };
};

/** Indices outside of code that the writer shifts. */
const checkPlaces = (module: WasmModule): void => {
  const functions = module.imports.length + module.functions.length;
  const outside = module.elements
    .flatMap((segment) => segment.functions)
    .find((at) => at >= functions);
  if (outside !== undefined) throw refuseModule(`there is no function ${outside}`);
  if (module.elements.length > 0 && !module.table) throw refuseModule("there is no table");
};

/** Types of the module and behind them those that the pass needs. */
const createTypes = (module: WasmModule) => {
  const types: FunctionType[] = [...module.types];
  const known = new Map<string, number>();
  const indexOf = (type: FunctionType): number => {
    const key = `${type.parameters.join()}:${type.results.join()}`;
    const index = known.get(key);
    if (index !== undefined) return index;
    known.set(key, types.length);
    types.push(type);
    return types.length - 1;
  };
  return { types, indexOf };
};

const { i32 } = TYPE;

const writeAdmitted = (
  module: WasmModule,
  profile: WasmProfile,
  mutable: readonly number[],
  admission: Admission,
): Uint8Array<ArrayBuffer> => {
  const { types, indexOf } = createTypes(module);
  const imported = module.imports.length;
  const own = imported + 1 + module.functions.length;
  const meter: Meter = {
    meter: imported,
    fuelGlobal: module.globals.length,
    depthGlobal: module.globals.length + 1,
    memoryCopy: own,
    memoryFill: own + 1,
    memoryGrow: own + 2,
    resultsType: (results) => indexOf({ parameters: [], results }),
  };
  const meterType = indexOf({ parameters: [i32], results: [] });
  const bulkType = indexOf({ parameters: [i32, i32, i32], results: [] });
  const growType = indexOf({ parameters: [i32], results: [i32] });
  const bodies = module.bodies.map((body, at) => {
    const type = module.types[module.functions[at] ?? -1];
    if (!type) throw refuseModule(`function ${at} has no type`);
    return instrumentFunction(module, type, body, meter);
  });
  bodies.push(bulkBody(meter, PREFIXED.memoryCopy), bulkBody(meter, PREFIXED.memoryFill));
  bodies.push(growBody(meter));

  const out = new ByteWriter().byte(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
  const section = (id: number, content: ByteWriter) => out.byte(id).sized(content);
  const typeSection = new ByteWriter().u32(types.length);
  for (const { parameters, results } of types)
    typeSection.byte(0x60, parameters.length, ...parameters, results.length, ...results);
  section(1, typeSection);
  section(2, importSection(module, meterType));
  const functionSection = new ByteWriter().u32(module.functions.length + 3);
  for (const type of [...module.functions, bulkType, bulkType, growType]) functionSection.u32(type);
  section(3, functionSection);
  if (module.table) {
    const { minimum } = module.table;
    section(4, new ByteWriter().byte(1, 0x70, 1).u32(minimum).u32(minimum));
  }
  section(6, globalSection(module));
  section(7, exportSection(module, profile, mutable, meter));
  if (module.elements.length > 0) section(9, elementSection(module));
  const codeSection = new ByteWriter().u32(bodies.length);
  for (const body of bodies) codeSection.sized(body);
  section(10, codeSection);
  if (module.data.length > 0) {
    const dataSection = new ByteWriter().u32(module.data.length);
    for (const { offset, bytes } of module.data)
      dataSection.byte(0).raw(offset).u32(bytes.length).raw(bytes);
    section(11, dataSection);
  }
  section(0, new ByteWriter().name(ADMISSION_SECTION).raw(encode(JSON.stringify(admission))));
  return out.toBytes();
};

const encode = (text: string) => new TextEncoder().encode(text);

const importSection = (module: WasmModule, meterType: number): ByteWriter => {
  const content = new ByteWriter().u32(module.imports.length + 2);
  for (const { module: from, name, type } of module.imports)
    content.name(from).name(name).byte(0).u32(type);
  content.name("fabric").name("meter").byte(0).u32(meterType);
  const { minimum, maximum } = module.memory;
  content
    .name("fabric")
    .name("memory")
    .byte(2, maximum === null ? 0 : 1)
    .u32(minimum);
  return maximum === null ? content : content.u32(maximum);
};

const globalSection = (module: WasmModule): ByteWriter => {
  const content = new ByteWriter().u32(module.globals.length + 2);
  for (const { type, mutable, init } of module.globals)
    content.byte(type, mutable ? 1 : 0).raw(init);
  for (let own = 0; own < 2; own += 1) content.byte(i32, 1, OPCODE.i32Const, 0, OPCODE.end);
  return content;
};

const exportSection = (
  module: WasmModule,
  profile: WasmProfile,
  mutable: readonly number[],
  meter: Meter,
): ByteWriter => {
  const entries: { readonly name: string; readonly kind: number; readonly index: number }[] = [];
  for (const name of [...profile.exports.keys(), ...profile.optional.keys()]) {
    const found = module.exports.get(name);
    if (found?.kind !== "function") continue;
    const index = found.index < module.imports.length ? found.index : found.index + 1;
    entries.push({ name, kind: 0, index });
  }
  if (profile.table !== null) entries.push({ name: "table", kind: 1, index: 0 });
  for (const [at, index] of mutable.entries()) entries.push({ name: `g${at}`, kind: 3, index });
  entries.push({ name: "fuel", kind: 3, index: meter.fuelGlobal });
  entries.push({ name: "depth", kind: 3, index: meter.depthGlobal });
  const content = new ByteWriter().u32(entries.length);
  for (const { name, kind, index } of entries) content.name(name).byte(kind).u32(index);
  return content;
};

const elementSection = (module: WasmModule): ByteWriter => {
  const content = new ByteWriter().u32(module.elements.length);
  for (const { offset, functions } of module.elements) {
    content.byte(0).raw(offset).u32(functions.length);
    for (const index of functions) content.u32(index < module.imports.length ? index : index + 1);
  }
  return content;
};

/** Takes the i32 on the stack from the fuel. */
const writeCharge = (out: ByteWriter, { fuelGlobal, meter }: Meter, cost: ByteWriter): ByteWriter =>
  out
    .byte(OPCODE.globalGet)
    .u32(fuelGlobal)
    .raw(cost.view())
    .byte(OPCODE.i32Sub, OPCODE.globalSet)
    .u32(fuelGlobal)
    .byte(OPCODE.globalGet)
    .u32(fuelGlobal)
    .byte(OPCODE.i32Const, 0, OPCODE.i32LtS, OPCODE.if, TYPE.empty, OPCODE.i32Const, METER.tick)
    .byte(OPCODE.call)
    .u32(meter)
    .byte(OPCODE.end);

/** memory.copy or memory.fill behind its charge, which grows with the count in its third operand. */
const bulkBody = (meter: Meter, operation: number): ByteWriter => {
  const out = new ByteWriter().u32(0);
  const cost = new ByteWriter().byte(OPCODE.localGet, 2, OPCODE.i32Const, BYTES_SHIFT);
  writeCharge(out, meter, cost.byte(OPCODE.i32ShrU));
  for (const local of [0, 1, 2]) out.byte(OPCODE.localGet, local);
  out.byte(OPCODE.prefix).u32(operation).byte(0);
  if (operation === PREFIXED.memoryCopy) out.byte(0);
  return out.byte(OPCODE.end);
};

/** memory.grow behind its charge; the host learns when there was no room. */
const growBody = (meter: Meter): ByteWriter => {
  const out = new ByteWriter().u32(1).u32(1).byte(i32);
  // More pages than there can be fail without work.
  out.byte(OPCODE.i32Const).s33(MAX_PAGES).byte(OPCODE.localGet, 0, OPCODE.i32GtU);
  out.byte(OPCODE.if, TYPE.empty);
  const cost = new ByteWriter().byte(OPCODE.localGet, 0, OPCODE.i32Const).s33(PAGE_COST);
  writeCharge(out, meter, cost.byte(OPCODE.i32Mul)).byte(OPCODE.end);
  out.byte(OPCODE.localGet, 0, OPCODE.memoryGrow, 0, OPCODE.localTee, 1);
  out.byte(OPCODE.i32Const).s33(-1).byte(OPCODE.i32Eq, OPCODE.if, TYPE.empty);
  out.byte(OPCODE.i32Const, METER.memory, OPCODE.call).u32(meter.meter).byte(OPCODE.end);
  return out.byte(OPCODE.localGet, 1, OPCODE.end);
};
