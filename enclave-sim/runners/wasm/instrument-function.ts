import { type ByteReader, ByteWriter } from "./wasm-bytes.ts";
import {
  instructionOf,
  type Instruction,
  OPCODE,
  PREFIXED,
  TYPE,
  VALUE_TYPES,
} from "./wasm-instructions.ts";
import type { FunctionBody, FunctionType, WasmModule } from "./wasm-module.ts";

/** Where the parts that the pass adds lie in the finished module, as indices. */
export interface Meter {
  /** Imported function of one i32: a `METER` word. */
  readonly meter: number;
  readonly fuelGlobal: number;
  readonly depthGlobal: number;
  /** Functions in the place of three instructions whose cost depends on their operands. */
  readonly memoryCopy: number;
  readonly memoryFill: number;
  readonly memoryGrow: number;
  /** Index of a type without parameters and these results. */
  readonly resultsType: (results: readonly number[]) => number;
}

/** What the meter is called with. */
export const METER = { tick: 0, stack: 1, memory: 2 } as const;

/** Most nested blocks of one function; Go's compiler nests one per call. */
const MAX_NESTING = 10_000;
/** Words of 8 bytes that a call takes on V8's stack besides its values. */
const FRAME_WORDS = 16;
/** Words of all frames of one run: 512 KiB, an eighth of what a guest's thread has. */
export const STACK_WORDS = 65_536;
/** Locals are set to zero at each call. */
const LOCALS_PER_STEP = 8;

interface Frame {
  readonly kind: "function" | "block" | "loop" | "if" | "else";
  /** Height of the operand stack below the block's parameters. */
  readonly base: number;
  readonly type: FunctionType;
}

const EMPTY: FunctionType = { parameters: [], results: [] };

/**
 * One function's body with its metering: fuel at the entry of every stretch of code that has one way in, a count of the
 * stack at entry and exit, canonical NaNs, and shifted function indices. Throws `WASM_REFUSED`.
 */
export const instrumentFunction = (
  module: WasmModule,
  type: FunctionType,
  body: FunctionBody,
  meter: Meter,
): ByteWriter => new Instrumentation(module, type, body, meter).run();

class Instrumentation {
  private readonly module: WasmModule;
  private readonly type: FunctionType;
  private readonly body: FunctionBody;
  private readonly meter: Meter;
  private readonly reader: ByteReader;
  private readonly out = new ByteWriter();
  private readonly frames: Frame[] = [];
  /** Instructions since `segmentStart`, which are charged there. */
  private segment = new ByteWriter();
  private cost = 0;
  private height = 0;
  private maxHeight = 0;
  private readonly locals: number;
  private readonly scratch: { readonly i32: number; readonly f32: number; readonly f64: number };

  constructor(module: WasmModule, type: FunctionType, body: FunctionBody, meter: Meter) {
    this.module = module;
    this.type = type;
    this.body = body;
    this.meter = meter;
    this.reader = body.code;
    this.locals = body.locals.reduce((sum, { count }) => sum + count, type.parameters.length);
    this.scratch = { i32: this.locals, f32: this.locals + 1, f64: this.locals + 2 };
  }

  run(): ByteWriter {
    this.frames.push({ kind: "function", base: 0, type: this.type });
    this.cost = Math.ceil(this.locals / LOCALS_PER_STEP);
    while (this.frames.length > 0) this.instruction();
    this.reader.finish("a function");
    return this.assemble();
  }

  /** The body proper is a block of its own, so that every way out of it passes the end. */
  private assemble(): ByteWriter {
    const words = FRAME_WORDS + this.locals + this.maxHeight;
    const whole = new ByteWriter();
    whole.u32(this.body.locals.length + 3);
    for (const { count, type } of this.body.locals) whole.u32(count).byte(type);
    whole.u32(1).byte(TYPE.i32).u32(1).byte(TYPE.f32).u32(1).byte(TYPE.f64);
    const { depthGlobal, meter, resultsType } = this.meter;
    whole.byte(OPCODE.globalGet).u32(depthGlobal).byte(OPCODE.i32Const).s33(words);
    whole.byte(OPCODE.i32Add, OPCODE.localTee).u32(this.scratch.i32);
    whole.byte(OPCODE.globalSet).u32(depthGlobal).byte(OPCODE.localGet).u32(this.scratch.i32);
    whole.byte(OPCODE.i32Const).s33(STACK_WORDS).byte(OPCODE.i32GtU, OPCODE.if, TYPE.empty);
    whole.byte(OPCODE.i32Const).s33(METER.stack).byte(OPCODE.call).u32(meter).byte(OPCODE.end);
    const [only] = this.type.results;
    whole.byte(OPCODE.block);
    if (this.type.results.length > 1) whole.s33(resultsType(this.type.results));
    else whole.byte(only ?? TYPE.empty);
    whole.raw(this.out.view());
    whole.byte(OPCODE.globalGet).u32(depthGlobal).byte(OPCODE.i32Const).s33(words);
    whole.byte(OPCODE.i32Sub, OPCODE.globalSet).u32(depthGlobal).byte(OPCODE.end);
    return whole;
  }

  /** Writes the stretch that ends here, behind its charge. */
  private endSegment(): void {
    if (this.cost > 0) {
      const { fuelGlobal, meter } = this.meter;
      this.out.byte(OPCODE.globalGet).u32(fuelGlobal).byte(OPCODE.i32Const).s33(this.cost);
      this.out.byte(OPCODE.i32Sub, OPCODE.localTee).u32(this.scratch.i32);
      this.out.byte(OPCODE.globalSet).u32(fuelGlobal);
      this.out.byte(OPCODE.localGet).u32(this.scratch.i32).byte(OPCODE.i32Const).s33(0);
      this.out.byte(OPCODE.i32LtS, OPCODE.if, TYPE.empty);
      this.out.byte(OPCODE.i32Const).s33(METER.tick).byte(OPCODE.call).u32(meter).byte(OPCODE.end);
    }
    this.out.raw(this.segment.view());
    this.segment = new ByteWriter();
    this.cost = 0;
  }

  private pop(count: number): void {
    const base = this.frames.at(-1)?.base ?? 0;
    // Below the block's own operands only unreachable code can reach.
    this.height = Math.max(base, this.height - count);
  }

  private push(count: number): void {
    this.height += count;
    this.maxHeight = Math.max(this.maxHeight, this.height);
  }

  private instruction(): void {
    const start = this.reader.at;
    const opcode = this.reader.byte();
    this.cost += 1;
    if (opcode === OPCODE.prefix) return this.prefixed(start);
    const known = instructionOf(opcode);
    if (!known) throw this.reader.refuse(`instruction 0x${opcode.toString(16)} is not admitted`);
    if (known.immediate === "block") return this.open(opcode);
    if (opcode === OPCODE.else) return this.otherwise();
    if (opcode === OPCODE.end) return this.close();
    if (opcode === OPCODE.memoryGrow) return this.grow();
    if (opcode === OPCODE.return) {
      this.segment.byte(OPCODE.br).u32(this.frames.length - 1);
      return this.pop(this.height);
    }
    this.immediate(opcode, known);
    this.copy(opcode, known, start);
    this.pop(known.pops);
    this.push(known.pushes);
    if (known.immediate === "function" || known.immediate === "indirect") this.applyCall();
    if (known.nan) this.canonicalise(known.nan);
  }

  /** The instruction as it was, but for the indices of functions, and for the labels, which are counted as before. */
  private copy(opcode: number, known: Instruction, start: number): void {
    if (known.immediate !== "function") {
      this.segment.raw(this.reader.bytes.subarray(start, this.reader.at));
      return;
    }
    this.segment.byte(opcode).u32(this.shifted(this.functionIndex));
  }
  private functionIndex = 0;
  private callee: FunctionType = EMPTY;

  /** Imports come first, and the meter is the last of them. */
  private shifted(index: number): number {
    return index < this.module.imports.length ? index : index + 1;
  }

  private immediate(opcode: number, known: Instruction): void {
    const { reader, module } = this;
    const below = (bound: number, what: string): number => {
      const index = reader.u32();
      if (index >= bound) throw reader.refuse(`there is no ${what} ${index}`);
      return index;
    };
    switch (known.immediate) {
      case "none":
      case "block":
        return;
      case "label":
        below(this.frames.length, "label");
        return;
      case "labels": {
        const labels = reader.list(() => below(this.frames.length, "label"), 65_520);
        this.cost += Math.ceil(labels.length / 64);
        below(this.frames.length, "label");
        return;
      }
      case "function": {
        const { imports, functions, types } = module;
        this.functionIndex = below(imports.length + functions.length, "function");
        const type =
          imports[this.functionIndex]?.type ?? functions[this.functionIndex - imports.length];
        this.callee = (type === undefined ? undefined : types[type]) ?? EMPTY;
        return;
      }
      case "indirect":
        this.callee = module.types[below(module.types.length, "type")] ?? EMPTY;
        below(module.table ? 1 : 0, "table");
        return;
      case "select":
        reader.list(() => {
          if (!VALUE_TYPES.has(reader.byte())) throw reader.refuse("a value is no number");
        }, 1);
        return;
      case "local":
        below(this.locals, "local");
        return;
      case "global": {
        const index = below(module.globals.length, "global");
        if (opcode === OPCODE.globalSet && module.globals[index]?.mutable !== true)
          throw reader.refuse(`global ${index} is constant`);
        return;
      }
      case "memory": {
        // Alignment above 3 means a memory index in later versions of the format.
        if (reader.u32() > 3) throw reader.refuse("there is one memory only");
        reader.u32();
        return;
      }
      case "page":
        if (reader.byte() !== 0) throw reader.refuse("there is one memory only");
        return;
      case "i32":
        return reader.skipSigned(5);
      case "i64":
        return reader.skipSigned(10);
      case "f32":
        return reader.skip(4);
      case "f64":
        return reader.skip(8);
    }
  }

  private applyCall(): void {
    this.pop(this.callee.parameters.length);
    this.push(this.callee.results.length);
    this.cost += 4;
  }

  private prefixed(start: number): void {
    const operation = this.reader.u32();
    if (operation <= PREFIXED.truncSatLast) {
      this.segment.raw(this.reader.bytes.subarray(start, this.reader.at));
      return;
    }
    const copies = operation === PREFIXED.memoryCopy;
    if (!copies && operation !== PREFIXED.memoryFill)
      throw this.reader.refuse(`instruction 0xfc ${operation} is not admitted`);
    for (let indices = copies ? 2 : 1; indices > 0; indices -= 1)
      if (this.reader.byte() !== 0) throw this.reader.refuse("there is one memory only");
    const { memoryCopy, memoryFill } = this.meter;
    this.segment.byte(OPCODE.call).u32(copies ? memoryCopy : memoryFill);
    this.pop(3);
  }

  private grow(): void {
    if (this.reader.byte() !== 0) throw this.reader.refuse("there is one memory only");
    this.segment.byte(OPCODE.call).u32(this.meter.memoryGrow);
  }

  private blockType(): FunctionType {
    const start = this.reader.at;
    const encoded = this.reader.s33();
    if (encoded >= 0) {
      const type = this.module.types[encoded];
      if (!type) throw this.reader.refuse(`there is no type ${encoded}`);
      this.segment.s33(encoded);
      return type;
    }
    const byte = encoded + 0x80;
    if (this.reader.at !== start + 1 || (byte !== TYPE.empty && !VALUE_TYPES.has(byte)))
      throw this.reader.refuse("a block has an unknown type");
    this.segment.byte(byte);
    return byte === TYPE.empty ? EMPTY : { parameters: [], results: [byte] };
  }

  private open(opcode: number): void {
    if (this.frames.length >= MAX_NESTING)
      throw this.reader.refuse(`more than ${MAX_NESTING} blocks are nested`);
    if (opcode === OPCODE.if) this.pop(1);
    const kind = opcode === OPCODE.loop ? "loop" : opcode === OPCODE.if ? "if" : "block";
    this.segment.byte(opcode);
    const type = this.blockType();
    this.pop(type.parameters.length);
    this.frames.push({ kind, base: this.height, type });
    this.push(type.parameters.length);
    // A block is entered from above only; a loop is jumped to, and an if may not be entered.
    if (kind !== "block") this.endSegment();
  }

  private otherwise(): void {
    const frame = this.frames.pop();
    if (frame?.kind !== "if") throw this.reader.refuse("else without if");
    this.segment.byte(OPCODE.else);
    this.endSegment();
    this.height = frame.base;
    this.frames.push({ ...frame, kind: "else" });
    this.push(frame.type.parameters.length);
  }

  private close(): void {
    const frame = this.frames.pop();
    if (!frame) throw this.reader.refuse("end without block");
    this.segment.byte(OPCODE.end);
    this.height = frame.base;
    this.push(frame.type.results.length);
    // What stands behind a loop must not be paid for in each of its rounds.
    this.endSegment();
  }

  /** The machine's NaN becomes the specification's: `x == x ? x : nan`. */
  private canonicalise(type: "f32" | "f64"): void {
    const local = this.scratch[type];
    const single = type === "f32";
    this.segment.byte(OPCODE.localTee).u32(local);
    if (single) this.segment.byte(OPCODE.f32Const, 0x00, 0x00, 0xc0, 0x7f);
    else this.segment.byte(OPCODE.f64Const, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f);
    this.segment.byte(OPCODE.localGet).u32(local).byte(OPCODE.localGet).u32(local);
    this.segment.byte(single ? OPCODE.f32Eq : OPCODE.f64Eq, OPCODE.select);
    this.cost += 1;
    this.push(3);
    this.pop(3);
  }
}
