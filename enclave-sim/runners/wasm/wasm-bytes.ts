import { fabricError } from "../../../src/core/errors/fabric-error.ts";

/** A module that is not admitted. `offset` in bytes of the module. */
export const refuseModule = (reason: string, offset = 0) =>
  fabricError("WASM_REFUSED", { reason, offset });

/** Reads WebAssembly's binary format (core specification 2.0, section 5.2). Methods throw `WASM_REFUSED`. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  refuse(reason: string) {
    return refuseModule(reason, this.at);
  }

  byte(): number {
    const value = this.at < this.end ? this.bytes[this.at] : undefined;
    if (value === undefined) throw this.refuse("it breaks off");
    this.at += 1;
    return value;
  }

  /** Unsigned LEB128 of 32 bits; padding is allowed as the specification has it, bits beyond 32 are not. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 0x0f) throw this.refuse("a number has more than 32 bits");
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw this.refuse("a number has more than 32 bits");
  }

  /** Passes over a signed LEB128 of at most that many bytes. */
  skipSigned(maxBytes: number): void {
    for (let count = 0; count < maxBytes; count += 1) if (this.byte() < 0x80) return;
    throw this.refuse("a number is too long");
  }

  /** Signed LEB128 of at most 33 bits. */
  s33(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return byte & 0x40 ? value - 2 ** (shift + 7) : value;
    }
    throw this.refuse("a number is too long");
  }

  skip(count: number): void {
    if (count > this.end - this.at) throw this.refuse("it breaks off");
    this.at += count;
  }

  slice(count: number): Uint8Array {
    const start = this.at;
    this.skip(count);
    return this.bytes.subarray(start, this.at);
  }

  /** A reader over the next `count` bytes, which this one passes over. */
  part(count: number): ByteReader {
    const start = this.at;
    this.skip(count);
    return new ByteReader(this.bytes, start, this.at);
  }

  name(maxBytes: number): string {
    const length = this.u32();
    if (length > maxBytes) throw this.refuse("a name is too long");
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.slice(length));
    } catch {
      throw this.refuse("a name is not UTF-8");
    }
  }

  /** As many results as the list's count says; a count that the bytes cannot hold ends at their end. */
  list<Item>(read: () => Item, maxCount: number): Item[] {
    const count = this.u32();
    if (count > maxCount) throw this.refuse(`a list has ${count} of at most ${maxCount} items`);
    const items: Item[] = [];
    for (let at = 0; at < count; at += 1) items.push(read());
    return items;
  }

  /** Throws unless every byte was read. */
  finish(what: string): void {
    if (!this.done) throw this.refuse(`${what} has bytes behind its end`);
  }
}

/** Writes WebAssembly's binary format into a buffer that grows. */
export class ByteWriter {
  private buffer = new Uint8Array(1_024);
  length = 0;

  private room(count: number): void {
    if (this.length + count <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.length + count));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }

  byte(...values: readonly number[]): this {
    this.room(values.length);
    for (const value of values) {
      this.buffer[this.length] = value;
      this.length += 1;
    }
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.room(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  u32(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.byte(rest);
  }

  /** Signed LEB128 of a whole number of at most 33 bits. */
  s33(value: number): this {
    let rest = value;
    for (;;) {
      const low = ((rest % 0x80) + 0x80) % 0x80;
      rest = Math.floor(rest / 0x80);
      if ((rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  name(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.u32(bytes.length).raw(bytes);
  }

  /** Length, then content. */
  sized(content: ByteWriter): this {
    return this.u32(content.length).raw(content.view());
  }

  /** A view that the next write may leave behind. */
  view(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  /** A copy of its own. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.buffer.slice(0, this.length);
  }
}
