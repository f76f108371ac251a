// A program of one system call, made by hand: no compiler is needed to knock at a filter.

const BASE = 0x40_0000n;
const HEADERS = 64 + 56;

const le = (value: bigint, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));

/** Prefixes of `mov register, imm64` for rdi, rsi, rdx, r10, r8, r9 (Intel SDM volume 2, MOV). */
const X64_MOVES = [
  [0x48, 0xbf],
  [0x48, 0xbe],
  [0x48, 0xba],
  [0x49, 0xba],
  [0x49, 0xb8],
  [0x49, 0xb9],
];

/** syscall; mov rdi, rax; neg rdi; mov eax, 60; syscall: ends with the error's number. */
const X64_END = [0x0f, 0x05, 0x48, 0x89, 0xc7, 0x48, 0xf7, 0xdf, 0xb8, 60, 0, 0, 0, 0x0f, 0x05];

const x64Code = (number: number, args: readonly bigint[]): number[] => [
  ...args.flatMap((value, index) => [...(X64_MOVES[index] ?? []), ...le(value, 8)]),
  0xb8, // mov eax, number
  ...le(BigInt(number >>> 0), 4),
  ...X64_END,
];

/** movz and three movk (Arm ARM, C6.2). */
const arm64Move = (register: number, value: bigint): number[] =>
  [0, 1, 2, 3].flatMap((part) => {
    const half = (value >> BigInt(16 * part)) & 0xffffn;
    const base = part === 0 ? 0xd2800000n : 0xf2800000n;
    return le(base | (BigInt(part) << 21n) | (half << 5n) | BigInt(register), 4);
  });

const arm64Code = (number: number, args: readonly bigint[]): number[] => [
  ...args.flatMap((value, index) => arm64Move(index, value)),
  ...arm64Move(8, BigInt(number)),
  ...le(0xd4000001n, 4), // svc 0
  ...le(0xcb0003e0n, 4), // neg x0, x0
  ...arm64Move(8, 93n),
  ...le(0xd4000001n, 4),
];

/** An ELF file (System V ABI, gABI 4) with one segment that is read and executed. */
const elfOf = (machine: number, code: readonly number[]): Buffer => {
  const size = BigInt(HEADERS + code.length);
  /** Value and bytes of each field, file header first. */
  const fields: readonly (readonly [number | bigint, number])[] = [
    [2, 2],
    [machine, 2],
    [1, 4],
    [BASE + BigInt(HEADERS), 8],
    [64, 8],
    [0, 8],
    [0, 4],
    [64, 2],
    [56, 2],
    [1, 2],
    [0, 2],
    [0, 2],
    [0, 2],
    [1, 4],
    [5, 4],
    [0, 8],
    [BASE, 8],
    [BASE, 8],
    [size, 8],
    [size, 8],
    [0x1000, 8],
  ];
  const header = fields.flatMap(([value, bytes]) => le(BigInt(value), bytes));
  return Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, ...le(0n, 8), ...header, ...code]);
};

/** The bytes of a program that makes this call and ends with its error number as exit code, or 0. */
export const syscallProgram = (number: number, args: readonly bigint[] = []): Buffer =>
  process.arch === "arm64" ? elfOf(183, arm64Code(number, args)) : elfOf(62, x64Code(number, args));

/** A program of machine code of one's own, x64 only. */
export const x64Program = (code: readonly number[]): Buffer => elfOf(62, code);
