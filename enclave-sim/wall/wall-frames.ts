// Between the enclave and the process behind the wall: length, kind, guest, run, then bytes. Numbers are little endian.

/** What a frame is; the enclave's begin at 1, the guests' at 65. */
export const FRAME = {
  /** A program that later runs name by its number (`guest`): packed header and snapshot. */
  PROGRAM: 1,
  /** The program of this number is not needed any more. */
  FORGET: 2,
  START: 3,
  BUILD: 4,
  RUN: 5,
  /** Text of an answer to the call that the guest waits for. */
  ANSWER: 6,
  CANCEL: 7,
  END: 8,
  READY: 65,
  BUILT: 66,
  CALL: 67,
  DONE: 68,
  FAILED: 69,
  /** The guest's thread is gone. */
  LOST: 70,
} as const;

export interface Frame {
  readonly kind: number;
  /** Number that the enclave gave the guest, or the program. */
  readonly guest: number;
  /** Number of the conversation with that guest; an answer to another one is a lie. */
  readonly run: number;
  readonly payload: Buffer;
}

const HEADER_BYTES = 13;

/** The bytes of a frame, in parts, so that a snapshot is not copied once more. */
export const encodeFrame = (
  { kind, guest, run }: Omit<Frame, "payload">,
  ...parts: readonly Uint8Array[]
): readonly Uint8Array[] => {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(
    parts.reduce((sum, part) => sum + part.byteLength, 0),
    0,
  );
  header.writeUInt8(kind, 4);
  header.writeUInt32LE(guest, 5);
  header.writeUInt32LE(run, 9);
  return [header, ...parts];
};

/** Takes a stream apart. `push` throws what `admit` or `take` throws; the stream is then worth nothing any more. */
export interface FrameReader {
  push(chunk: Buffer): void;
}

/**
 * `admit` sees each header before a byte of its payload is kept, and throws when such a frame may not come now, or not
 * of that size; so no sender decides how much memory its reader uses.
 */
export const createFrameReader = (
  admit: (header: Omit<Frame, "payload">, bytes: number) => void,
  take: (frame: Frame) => void,
): FrameReader => {
  let chunks: Buffer[] = [];
  let held = 0;
  let open: { readonly header: Omit<Frame, "payload">; readonly bytes: number } | undefined;
  const takeBytes = (count: number): Buffer => {
    const [first] = chunks;
    const whole = first && first.length >= count ? first : Buffer.concat(chunks, held);
    const rest = whole === first ? chunks.slice(1) : [];
    const left = whole.subarray(count);
    chunks = left.length > 0 ? [left, ...rest] : rest;
    held -= count;
    return whole.subarray(0, count);
  };
  return {
    push: (chunk) => {
      chunks.push(chunk);
      held += chunk.length;
      for (;;) {
        if (!open) {
          if (held < HEADER_BYTES) return;
          const header = takeBytes(HEADER_BYTES);
          const bytes = header.readUInt32LE(0);
          const named = {
            kind: header.readUInt8(4),
            guest: header.readUInt32LE(5),
            run: header.readUInt32LE(9),
          };
          admit(named, bytes);
          open = { header: named, bytes };
        }
        if (held < open.bytes) return;
        const { header, bytes } = open;
        open = undefined;
        take({ ...header, payload: takeBytes(bytes) });
      }
    },
  };
};

/** JSON and bytes in one payload. */
export const packJson = (json: unknown, ...parts: readonly Uint8Array[]): readonly Uint8Array[] => {
  const text = Buffer.from(JSON.stringify(json), "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length, 0);
  return [length, text, ...parts];
};

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Text of bytes that came through the wall. Throws when they are not UTF-8. */
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);

/** Throws when the payload is too short or its JSON is none. */
export const unpackJson = (payload: Buffer): { readonly json: unknown; readonly rest: Buffer } => {
  const length = payload.readUInt32LE(0);
  if (length > payload.length - 4) throw new RangeError("the JSON is cut off");
  const json: unknown = JSON.parse(textOf(payload.subarray(4, 4 + length)));
  return { json, rest: payload.subarray(4 + length) };
};
