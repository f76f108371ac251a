import { crc32 } from "node:zlib";
import { concatBytes } from "../../src/crypto/bytes.ts";
import type { SourceFile } from "./source-files.ts";

// Looked at: `jar --date` (JDK 17.0.3 and later only, and its compression is the JDK's zlib), yazl and fflate (nothing
// that 40 lines lack). PKWARE APPNOTE 6.3.3, method 0.

/** 1980-01-01 00:00:00, the first time that the format knows. */
const DOS_DATE = 0x21;
const VERSION = 20;
/** Bit 11: names are UTF-8. */
const FLAGS = 0x800;

/**
 * A zip archive that is the same bytes everywhere: entries in the given order, not compressed, without times, owners and
 * modes. Java and Python run it as it is.
 * @example
 * ```ts
 * writeZip([{ name: "__main__.py", bytes }]);
 * ```
 */
export const writeZip = (files: readonly SourceFile[]): Uint8Array => {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, bytes } of files) {
    const nameBytes = encoder.encode(name);
    // Both headers hold these 26 bytes, the directory's after two more.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(VERSION, 0);
    common.writeUInt16LE(FLAGS, 2);
    common.writeUInt16LE(DOS_DATE, 8);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const local = concatBytes(Buffer.from("PK\u0003\u0004", "latin1"), common, nameBytes, bytes);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(
      concatBytes(Buffer.from("PK\u0001\u0002\u0014\u0000", "latin1"), common, tail, nameBytes),
    );
    parts.push(local);
    offset += local.length;
  }
  const listed = concatBytes(...directory);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", "latin1");
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return concatBytes(...parts, listed, end);
};
