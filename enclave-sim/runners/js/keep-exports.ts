import { ByteReader, ByteWriter } from "../wasm/wasm-bytes.ts";

const EXPORT_SECTION = 7;
const HEADER_BYTES = 8;
const MAX_EXPORTS = 4_096;
const MAX_NAME = 256;

/**
 * The same module with only those of its exports (core specification, section 5.5.10) that `isKept` names. Code, memory
 * and indices stay what they are; but each instance makes an object for every export, and each run an instance.
 * Throws `WASM_REFUSED` for what is no module.
 */
export const keepExports = (
  module: Uint8Array,
  isKept: (name: string) => boolean,
): Uint8Array<ArrayBuffer> => {
  const reader = new ByteReader(module);
  const writer = new ByteWriter().raw(reader.slice(HEADER_BYTES));
  while (!reader.done) {
    const id = reader.byte();
    const content = reader.part(reader.u32());
    writer.byte(id);
    if (id === EXPORT_SECTION) writer.sized(filterSection(content, isKept));
    else writer.u32(content.end - content.at).raw(content.slice(content.end - content.at));
  }
  return writer.toBytes();
};

const filterSection = (content: ByteReader, isKept: (name: string) => boolean): ByteWriter => {
  const entries = content.list(
    () => ({ name: content.name(MAX_NAME), kind: content.byte(), index: content.u32() }),
    MAX_EXPORTS,
  );
  content.finish("the export section");
  const kept = entries.filter(({ name }) => isKept(name));
  const section = new ByteWriter().u32(kept.length);
  for (const { name, kind, index } of kept) section.name(name).byte(kind).u32(index);
  return section;
};
