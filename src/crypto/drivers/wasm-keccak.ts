/**
 * Keccak-256 as a WebAssembly module that is assembled here: JavaScript has no 64-bit lanes, and two blocks cost
 * noble 8 µs where this takes about 1. Looked at: js-sha3 (4.4 µs), hash-wasm (asynchronous start), keccak (needs a
 * compiler), OpenSSL 3.0 (has SHA-3 only). Held equal to noble by property tests.
 */
const LANES = 25;
const ROUNDS = 24;
/** Bytes per block at a capacity of 512 bits. */
const RATE = 136;
const HASH_LENGTH = 32;
/** Memory: state, block, round constants. */
const STATE = 0;
const BLOCK = 200;
const CONSTANTS = 336;

/** Locals of the function: state lanes, permuted lanes, column parities, and the address of the round constant. */
const A = 0;
const B = LANES;
const C = 2 * LANES;
const ADDRESS = C + 5;

/** Unsigned LEB128. */
const leb = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
/** Signed LEB128 of a number that is not negative. */
const signedLeb = (value: number): number[] =>
  value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signedLeb(value >>> 7)];

const get = (local: number) => [0x20, ...leb(local)];
const set = (local: number) => [0x21, ...leb(local)];
const tee = (local: number) => [0x22, ...leb(local)];
const i32Const = (value: number) => [0x41, ...signedLeb(value)];
const i64Const = (value: number) => [0x42, ...signedLeb(value)];
/** Address 0 plus a constant offset, aligned to 8. */
const load = (offset: number) => [0x29, 0x03, ...leb(offset)];
const store = (offset: number) => [0x37, 0x03, ...leb(offset)];
const LOOP = 0x03;
const NO_RESULT = 0x40;
const BRANCH_IF = 0x0d;
const END = 0x0b;
const I32_ADD = 0x6a;
const I32_BELOW = 0x49;
const AND = [0x83];
const XOR = [0x85];
const ROTL = [0x89];
const NOT = [0x42, 0x7f, ...XOR];

const each = (count: number, code: (index: number) => number[]): number[] =>
  Array.from({ length: count }, (_, index) => code(index)).flat();

/** Rotation of lane x + 5y (FIPS 202 section 3.2.2): walks the lanes in the order of pi. */
const rotations = (): number[] => {
  const table = Array.from({ length: LANES }, () => 0);
  let [x, y] = [1, 0];
  for (let t = 0; t < ROUNDS; t++) {
    table[x + 5 * y] = (((t + 1) * (t + 2)) / 2) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return table;
};

/** Round constants from the degree-8 LFSR (FIPS 202 section 3.2.5). */
const roundConstants = (): BigUint64Array => {
  let register = 1;
  const step = (): boolean => {
    const bit = (register & 1) === 1;
    register = (register << 1) ^ (register & 0x80 ? 0x171 : 0);
    return bit;
  };
  return BigUint64Array.from({ length: ROUNDS }, () => {
    let constant = 0n;
    for (let j = 0; j <= 6; j++) if (step()) constant |= 1n << BigInt(2 ** j - 1);
    return constant;
  });
};

const theta = (): number[] => [
  ...each(5, (x) => [
    ...get(A + x),
    ...each(4, (y) => [...get(A + x + 5 * (y + 1)), ...XOR]),
    ...set(C + x),
  ]),
  ...each(LANES, (lane) => {
    const x = lane % 5;
    const column = [...get(C + ((x + 4) % 5)), ...get(C + ((x + 1) % 5)), ...i64Const(1), ...ROTL];
    return [...get(A + lane), ...column, ...XOR, ...XOR, ...set(A + lane)];
  }),
];

const rhoPi = (): number[] => {
  const table = rotations();
  return each(LANES, (lane) => {
    const x = lane % 5;
    const y = Math.floor(lane / 5);
    const target = y + 5 * ((2 * x + 3 * y) % 5);
    return [...get(A + lane), ...i64Const(table[lane] ?? 0), ...ROTL, ...set(B + target)];
  });
};

const chi = (): number[] =>
  each(LANES, (lane) => {
    const row = lane - (lane % 5);
    const next = B + row + ((lane + 1) % 5);
    const second = B + row + ((lane + 2) % 5);
    return [
      ...get(B + lane),
      ...get(next),
      ...NOT,
      ...get(second),
      ...AND,
      ...XOR,
      ...set(A + lane),
    ];
  });

const iota = (): number[] => [...get(A), ...get(ADDRESS), ...load(0), ...XOR, ...set(A)];

/** `if ((address += 8) < end) continue`, and the end of the loop. */
const nextRound = (): number[] => {
  const advance = [...get(ADDRESS), ...i32Const(8), I32_ADD, ...tee(ADDRESS)];
  return [...advance, ...i32Const(CONSTANTS + 8 * ROUNDS), I32_BELOW, BRANCH_IF, 0, END];
};

/** `state = keccak-f(state ^ block)`. */
const absorbCode = (): number[] => [
  ...each(LANES, (lane) => [
    ...i32Const(0),
    ...load(STATE + 8 * lane),
    ...(8 * lane < RATE ? [...i32Const(0), ...load(BLOCK + 8 * lane), ...XOR] : []),
    ...set(A + lane),
  ]),
  ...i32Const(CONSTANTS),
  ...set(ADDRESS),
  LOOP,
  NO_RESULT,
  ...theta(),
  ...rhoPi(),
  ...chi(),
  ...iota(),
  ...nextRound(),
  ...each(LANES, (lane) => [...i32Const(0), ...get(A + lane), ...store(STATE + 8 * lane)]),
  END,
];

/** Magic number and version 1. */
const MODULE_HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

const section = (id: number, content: number[]) => [id, ...leb(content.length), ...content];
const name = (text: string) => [text.length, ...new TextEncoder().encode(text)];

const assemble = (): Uint8Array => {
  // 55 locals of i64, one of i32.
  const body = [2, C + 5, 0x7e, 1, 0x7f, ...absorbCode()];
  return Uint8Array.from([
    ...MODULE_HEADER,
    ...section(1, [1, 0x60, 0, 0]), // one type: () -> ()
    ...section(3, [1, 0]), // one function of it
    ...section(5, [1, 0, 1]), // one page of memory
    ...section(7, [2, ...name("memory"), 0x02, 0, ...name("absorb"), 0x00, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
};

/** The part of the WebAssembly API that is used; the DOM's types are not loaded. */
interface WasmApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => {
    readonly exports: {
      readonly memory: { readonly buffer: ArrayBuffer };
      readonly absorb: () => void;
    };
  };
}

const createHash = (): ((bytes: Uint8Array) => Uint8Array) => {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly;
  const { memory: wasmMemory, absorb } = new Instance(new Module(assemble())).exports;
  const { buffer } = wasmMemory;
  const memory = new Uint8Array(buffer);
  new BigUint64Array(buffer, CONSTANTS, ROUNDS).set(roundConstants());
  return (bytes) => {
    memory.fill(0, STATE, BLOCK);
    let at = 0;
    for (; bytes.length - at >= RATE; at += RATE) {
      memory.set(bytes.subarray(at, at + RATE), BLOCK);
      absorb();
    }
    const rest = bytes.length - at;
    memory.set(bytes.subarray(at), BLOCK);
    memory.fill(0, BLOCK + rest, CONSTANTS);
    // Padding 0x01 … 0x80: Keccak as submitted, not SHA-3's 0x06.
    memory[BLOCK + rest] = 0x01;
    memory[CONSTANTS - 1] = (memory[CONSTANTS - 1] ?? 0) | 0x80;
    absorb();
    return memory.slice(STATE, HASH_LENGTH);
  };
};

const load256 = (): ((bytes: Uint8Array) => Uint8Array) | null => {
  try {
    return createHash();
  } catch {
    // A page whose content security policy forbids WebAssembly, for example.
    return null;
  }
};

/** Keccak-256 in WebAssembly, or null where there is none. */
export const wasmKeccak256 = load256();
