import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBody } from "./read-body.ts";

const read = (pieces: readonly Uint8Array[], encoding = "", limit = 1_000) =>
  readBody(Readable.from(pieces.map((piece) => Buffer.from(piece))), {
    host: "api.example.com",
    encoding,
    limit,
  });
const codeOf = async (...call: Parameters<typeof read>): Promise<string> =>
  read(...call).then(
    () => "none",
    (error: { code: string }) => error.code,
  );
const compress = {
  "": (b: Buffer) => b,
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
};

describe("readBody", () => {
  it("gives text and digest of the bytes, however they were cut and compressed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "grapheme", maxLength: 60 }),
        fc.constantFrom("", "gzip", "deflate", "br" as const),
        fc.integer({ min: 1, max: 20 }),
        async (text, encoding, cut) => {
          const plain = Buffer.from(text, "utf8");
          const wire = compress[encoding](plain);
          const pieces: Buffer[] = [];
          for (let at = 0; at < wire.length; at += cut) pieces.push(wire.subarray(at, at + cut));
          const body = await read(pieces, encoding);
          expect(body.text).toBe(text);
          expect(body.digest).toBe(`sha256:${createHash("sha256").update(plain).digest("hex")}`);
        },
      ),
    );
  });

  it("takes a body of exactly the limit and none of a byte more", async () => {
    expect(await codeOf([Buffer.alloc(1_000, 0x20)])).toBe("none");
    expect(await codeOf([Buffer.alloc(1_001, 0x20)])).toBe("HTTP_TOO_LARGE");
  });

  it("counts after decompression", async () => {
    expect(await codeOf([gzipSync(Buffer.alloc(10_000_000))], "gzip")).toBe("HTTP_TOO_LARGE");
    expect(await codeOf([brotliCompressSync(Buffer.alloc(10_000_000))], "br")).toBe(
      "HTTP_TOO_LARGE",
    );
  });

  it("counts before it too: empty gzip members give no output for ever", async () => {
    const empty = gzipSync(Buffer.alloc(0));
    expect(
      await codeOf(
        Array.from({ length: 500 }, () => empty),
        "gzip",
      ),
    ).toBe("HTTP_TOO_LARGE");
  });

  it("refuses bytes that are not UTF-8", async () => {
    expect(await codeOf([Buffer.from([0xff, 0xfe])])).toBe("HTTP_ENCODING_REFUSED");
    expect(await codeOf([Buffer.from([0xed, 0xa0, 0x80])])).toBe("HTTP_ENCODING_REFUSED");
  });

  it("refuses unknown, stacked and broken compression", async () => {
    for (const encoding of ["zstd", "gzip, br", "__proto__"])
      expect(await codeOf([Buffer.from("{}")], encoding)).toBe("HTTP_ENCODING_REFUSED");
    expect(await codeOf([Buffer.from("not gzip at all")], "gzip")).toBe("HTTP_ENCODING_REFUSED");
    expect(await codeOf([gzipSync(Buffer.from("cut in the middle")).subarray(0, 20)], "gzip")).toBe(
      "HTTP_ENCODING_REFUSED",
    );
  });

  it("leaves a byte order mark where it is, so that the text has the digest's bytes", async () => {
    expect((await read([Buffer.from("\ufeff{}")])).text).toBe("\ufeff{}");
  });
});
