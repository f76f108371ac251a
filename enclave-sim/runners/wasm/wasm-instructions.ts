// Instructions of WebAssembly 1.0 with sign extension, saturating conversions, multi-value, memory.copy and
// memory.fill (core specification 2.0, section 5.4). What is not in these tables is not admitted.

/** What follows an opcode in the code. */
export type Immediate =
  | "none"
  | "block"
  | "label"
  | "labels"
  | "function"
  | "indirect"
  | "select"
  | "local"
  | "global"
  | "memory"
  | "page"
  | "i32"
  | "i64"
  | "f32"
  | "f64";

export interface Instruction {
  readonly immediate: Immediate;
  /** Operands taken and given; control and calls are worked out where they stand. */
  readonly pops: number;
  readonly pushes: number;
  /** The type whose NaN must be made canonical after it; null where bits are given by the operands alone. */
  readonly nan: "f32" | "f64" | null;
}

export const OPCODE = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  memoryGrow: 0x40,
  i32Const: 0x41,
  f32Const: 0x43,
  f64Const: 0x44,
  i32Eq: 0x46,
  i32LtS: 0x48,
  i32GtU: 0x4b,
  f32Eq: 0x5b,
  f64Eq: 0x61,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32ShrU: 0x76,
  prefix: 0xfc,
} as const;

/** Behind `OPCODE.prefix`. */
export const PREFIXED = { truncSatLast: 7, memoryCopy: 10, memoryFill: 11 } as const;

const table: (Instruction | undefined)[] = [];
const add = (
  first: number,
  last: number,
  pops: number,
  pushes: number,
  immediate: Immediate = "none",
): void => {
  for (let opcode = first; opcode <= last; opcode += 1)
    table[opcode] = { immediate, pops, pushes, nan: null };
};
add(0x00, 0x01, 0, 0);
add(0x02, 0x03, 0, 0, "block");
add(0x04, 0x04, 1, 0, "block");
add(0x05, 0x05, 0, 0);
add(0x0b, 0x0b, 0, 0);
add(0x0c, 0x0c, 0, 0, "label");
add(0x0d, 0x0d, 1, 0, "label");
add(0x0e, 0x0e, 1, 0, "labels");
add(0x0f, 0x0f, 0, 0);
add(0x10, 0x10, 0, 0, "function");
add(0x11, 0x11, 1, 0, "indirect");
add(0x1a, 0x1a, 1, 0);
add(0x1b, 0x1b, 3, 1);
add(0x1c, 0x1c, 3, 1, "select");
add(0x20, 0x20, 0, 1, "local");
add(0x21, 0x21, 1, 0, "local");
add(0x22, 0x22, 1, 1, "local");
add(0x23, 0x23, 0, 1, "global");
add(0x24, 0x24, 1, 0, "global");
/** Loads, then stores. */
add(0x28, 0x35, 1, 1, "memory");
add(0x36, 0x3e, 2, 0, "memory");
add(0x3f, 0x3f, 0, 1, "page");
add(0x40, 0x40, 1, 1, "page");
add(0x41, 0x41, 0, 1, "i32");
add(0x42, 0x42, 0, 1, "i64");
add(0x43, 0x43, 0, 1, "f32");
add(0x44, 0x44, 0, 1, "f64");
/** Tests and comparisons of i32, i64, f32, f64. */
add(0x45, 0x45, 1, 1);
add(0x46, 0x4f, 2, 1);
add(0x50, 0x50, 1, 1);
add(0x51, 0x66, 2, 1);
/** Arithmetic: one operand, then two, for i32, i64, f32, f64. */
add(0x67, 0x69, 1, 1);
add(0x6a, 0x78, 2, 1);
add(0x79, 0x7b, 1, 1);
add(0x7c, 0x8a, 2, 1);
add(0x8b, 0x91, 1, 1);
add(0x92, 0x98, 2, 1);
add(0x99, 0x9f, 1, 1);
add(0xa0, 0xa6, 2, 1);
/** Conversions and sign extension. */
add(0xa7, 0xc4, 1, 1);

/**
 * Operations whose NaN has bits that the specification leaves to the machine (section 4.3.3, "NaN propagation"): all
 * arithmetic but abs, neg and copysign, which only touch the sign, and loads, constants and reinterpretations, which
 * keep every bit.
 */
const markNan = (first: number, last: number, nan: "f32" | "f64"): void => {
  for (let opcode = first; opcode <= last; opcode += 1) {
    const known = table[opcode];
    if (known) table[opcode] = { ...known, nan };
  }
};
markNan(0x8d, 0x97, "f32");
markNan(0x9b, 0xa5, "f64");
/** demote, promote */
markNan(0xb6, 0xb6, "f32");
markNan(0xbb, 0xbb, "f64");

/** Undefined for an opcode that is not admitted. */
export const instructionOf = (opcode: number): Instruction | undefined => table[opcode];

/** Number types of section 5.3.1; references and vectors are not admitted as values. */
export const VALUE_TYPES: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7d, 0x7c]);
export const TYPE = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, empty: 0x40 } as const;
