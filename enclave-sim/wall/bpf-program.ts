// Classic BPF (Linux Documentation/networking/filter.rst), as far as a filter on system calls needs it.

/** One instruction: `struct sock_filter` of linux/filter.h. */
export interface BpfInstruction {
  readonly code: number;
  /** Instructions to skip when the comparison holds, or does not. */
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** Operation codes (linux/bpf_common.h): class, size or operation, mode or source. */
export const BPF = {
  /** A = 32 bits of the input at k. */
  LOAD: 0x20,
  /** A = A & k. */
  AND: 0x54,
  /** A == k? */
  EQUAL: 0x15,
  /** A >= k, both without sign? */
  AT_LEAST: 0x35,
  /** End with k. */
  RETURN: 0x06,
} as const;

/** Longest program that the kernel takes (BPF_MAXINSNS). */
const MAX_INSTRUCTIONS = 4_096;

export const load = (offset: number): BpfInstruction => ({
  code: BPF.LOAD,
  jt: 0,
  jf: 0,
  k: offset,
});
export const and = (mask: number): BpfInstruction => ({ code: BPF.AND, jt: 0, jf: 0, k: mask });
export const end = (value: number): BpfInstruction => ({
  code: BPF.RETURN,
  jt: 0,
  jf: 0,
  k: value,
});
/** Goes on behind `skip` instructions unless A equals `value`. */
export const unlessEqual = (value: number, skip: number): BpfInstruction => ({
  code: BPF.EQUAL,
  jt: 0,
  jf: skip,
  k: value,
});
/** Goes on behind `skip` instructions when A equals `value`. */
export const whenEqual = (value: number, skip: number): BpfInstruction => ({
  code: BPF.EQUAL,
  jt: skip,
  jf: 0,
  k: value,
});
/** Goes on behind `skip` instructions when A is less than `value`. */
export const whenLess = (value: number, skip: number): BpfInstruction => ({
  code: BPF.AT_LEAST,
  jt: 0,
  jf: skip,
  k: value,
});

/** The program's bytes as the kernel reads them: 8 per instruction, little endian on every machine of ours. */
export const assembleBpf = (program: readonly BpfInstruction[]): Buffer => {
  if (program.length === 0 || program.length > MAX_INSTRUCTIONS)
    throw new RangeError(`a program has 1 to ${MAX_INSTRUCTIONS} instructions`);
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jt, index * 8 + 2);
    bytes.writeUInt8(jf, index * 8 + 3);
    bytes.writeUInt32LE(k, index * 8 + 4);
  }
  return bytes;
};
