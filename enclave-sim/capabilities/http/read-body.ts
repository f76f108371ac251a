import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { fabricError, isFabricError } from "../../../src/core/errors/fabric-error.ts";
import { systemCode } from "../../../src/core/errors/system-code.ts";
import type { Digest } from "../../../src/core/ids.ts";

/** A body that arrived whole. */
export interface Body {
  readonly text: string;
  /** Over the bytes after decompression. */
  readonly digest: Digest;
}

const DECODERS = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const;

/** Compression may add this much to tiny bodies, in bytes. */
const COMPRESSION_SLACK = 1_024;

/**
 * Reads a body to its end, decompressing it as it comes, and stops at the first byte above `limit`, before and after
 * decompression. Throws `HTTP_TOO_LARGE`, `HTTP_ENCODING_REFUSED`, or what the stream fails with.
 */
export const readBody = async (
  stream: Readable,
  options: { readonly host: string; readonly encoding: string; readonly limit: number },
): Promise<Body> => {
  const { host, limit } = options;
  const bytes = await collect(decoded(stream, options), limit, host);
  try {
    return {
      text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
      digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}` as Digest,
    };
  } catch (cause) {
    throw fabricError("HTTP_ENCODING_REFUSED", { host, reason: "not UTF-8" }, { cause });
  }
};

const decoded = (
  stream: Readable,
  options: { readonly host: string; readonly encoding: string; readonly limit: number },
): Readable => {
  const { host, limit } = options;
  const encoding = options.encoding.trim().toLowerCase();
  if (encoding === "" || encoding === "identity") return stream;
  if (!Object.hasOwn(DECODERS, encoding)) {
    stream.destroy();
    throw fabricError("HTTP_ENCODING_REFUSED", { host, reason: encoding.slice(0, 40) });
  }
  const decoder = DECODERS[encoding as keyof typeof DECODERS]();
  let raw = 0;
  stream.on("data", (chunk: Buffer) => {
    raw += chunk.length;
    // Empty gzip members give no output at all: the input has its own bound.
    if (raw > limit + COMPRESSION_SLACK)
      decoder.destroy(fabricError("HTTP_TOO_LARGE", { host, limit }));
  });
  stream.on("error", (error) => decoder.destroy(error));
  decoder.on("close", () => stream.destroy());
  return stream.pipe(decoder);
};

const collect = async (stream: Readable, limit: number, host: string): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > limit) throw fabricError("HTTP_TOO_LARGE", { host, limit });
      chunks.push(bytes);
    }
  } catch (cause) {
    stream.destroy();
    const code = systemCode(cause) ?? "";
    if (
      !isFabricError(cause) &&
      (code.startsWith("Z_") ||
        code.startsWith("ERR__ERROR_FORMAT") ||
        code.startsWith("ERR_BROTLI"))
    )
      throw fabricError("HTTP_ENCODING_REFUSED", { host, reason: code }, { cause });
    throw cause;
  }
  return Buffer.concat(chunks);
};
