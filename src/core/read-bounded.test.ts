import { describe, expect, it } from "vitest";
import { chunksOf, readBounded } from "./read-bounded.ts";

const streamOf = (
  chunks: readonly Uint8Array[],
  onCancel = () => {},
): ReadableStream<Uint8Array> => {
  const left = [...chunks];
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const next = left.shift();
      if (next) controller.enqueue(next);
      else controller.close();
    },
    cancel: onCancel,
  });
  // As in a browser that cannot iterate streams.
  Object.defineProperty(stream, Symbol.asyncIterator, { value: undefined });
  return stream;
};
const bytes = (...numbers: readonly number[]) => new Uint8Array(numbers);

describe("readBounded", () => {
  it("gives all bytes of a stream that nobody can iterate", async () => {
    const chunks = [bytes(1, 2), bytes(), bytes(3)];
    expect(await readBounded(chunksOf(streamOf(chunks)), 3)).toEqual(bytes(1, 2, 3));
    expect(await readBounded(chunksOf(streamOf([])), 0)).toEqual(bytes());
  });

  it("ends a stream that is longer than it may be, and reads no further", async () => {
    let ended = false;
    const endless = streamOf(
      Array.from({ length: 1_000 }, () => bytes(1, 2)),
      () => {
        ended = true;
      },
    );
    expect(await readBounded(chunksOf(endless), 3)).toBeNull();
    expect(ended).toBe(true);
  });

  it("passes a fault of the stream on", async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: () => Promise.reject(new Error("the line is cut")),
    });
    await expect(readBounded(chunksOf(broken), 3)).rejects.toThrow("the line is cut");
  });
});
