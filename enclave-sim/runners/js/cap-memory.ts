const MEMORY_SECTION = 5;
const PAGE = 65_536;

/** Unsigned LEB128 (WebAssembly core specification, section 5.2.2). */
const writeLeb = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
};

const readLeb = (bytes: Uint8Array, start: number): { value: number; end: number } => {
  let value = 0;
  let at = start;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, end: at };
  }
  throw new Error("the engine's module is not valid: LEB128");
};

/**
 * The same module with an upper bound on its one linear memory (core specification, sections 5.3.10 and 5.5.8), which
 * no code inside can pass: the engine's own limit counts its allocator only.
 */
export const capMemory = (module: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> => {
  let at = 8;
  while (at < module.length) {
    const id = module[at];
    const size = readLeb(module, at + 1);
    const end = size.end + size.value;
    if (id === MEMORY_SECTION) {
      const count = readLeb(module, size.end);
      const minimum = readLeb(module, count.end + 1);
      if (count.value !== 1) throw new Error("the engine's module has not one memory");
      const maximum = Math.max(minimum.value, Math.floor(maxBytes / PAGE));
      const body = [1, 1, ...writeLeb(minimum.value), ...writeLeb(maximum)];
      const section = [MEMORY_SECTION, ...writeLeb(body.length), ...body];
      const capped = new Uint8Array(at + section.length + module.length - end);
      capped.set(module.subarray(0, at));
      capped.set(section, at);
      capped.set(module.subarray(end), at + section.length);
      return capped;
    }
    at = end;
  }
  throw new Error("the engine's module has no memory of its own");
};
