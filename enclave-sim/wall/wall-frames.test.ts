import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createFrameReader,
  encodeFrame,
  type Frame,
  packJson,
  textOf,
  unpackJson,
} from "./wall-frames.ts";

const frame = fc.record({
  kind: fc.nat(255),
  guest: fc.nat(0xffff_ffff),
  run: fc.nat(0xffff_ffff),
  payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
});
const bytesOf = (frames: readonly Frame[]): Buffer =>
  Buffer.concat(
    frames.flatMap(({ payload, ...header }) => [
      ...encodeFrame(header, payload.subarray(0, 7), payload.subarray(7)),
    ]),
  );

test("frames arrive as they were sent, however the stream is cut", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(2_000)), (frames, cuts) => {
      const bytes = bytesOf(frames);
      const heard: Frame[] = [];
      const reader = createFrameReader(
        () => undefined,
        (found) => heard.push(found),
      );
      const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length];
      const sorted = places.toSorted((a, b) => a - b);
      for (const [index, start] of sorted.entries())
        reader.push(bytes.subarray(start, sorted[index + 1] ?? bytes.length));
      expect(
        heard.map(({ payload, ...rest }) => ({ ...rest, payload: payload.toString("hex") })),
      ).toEqual(
        frames.map(({ payload, ...rest }) => ({ ...rest, payload: payload.toString("hex") })),
      );
    }),
  );
});

test("a header is judged before a byte of its payload is kept", () => {
  const seen: number[] = [];
  const reader = createFrameReader(
    (_header, bytes) => {
      seen.push(bytes);
      throw new RangeError("no");
    },
    () => seen.push(-1),
  );
  const huge = Buffer.concat([...encodeFrame({ kind: 1, guest: 1, run: 1 })]);
  huge.writeUInt32LE(0xffff_ffff, 0);
  reader.push(huge.subarray(0, 12));
  expect(seen).toEqual([]);
  expect(() => reader.push(huge.subarray(12))).toThrow(RangeError);
  expect(seen).toEqual([0xffff_ffff]);
});

test("JSON and bytes come out of a payload as they went in", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.uint8Array(), (json, bytes) => {
      const { json: back, rest } = unpackJson(Buffer.concat([...packJson(json, bytes)]));
      expect(JSON.stringify(back)).toBe(JSON.stringify(json));
      expect(Buffer.compare(rest, Buffer.from(bytes))).toBe(0);
    }),
  );
});

test("what is cut, no JSON or no UTF-8 is refused, and nothing else is thrown than an error", () => {
  const whole = Buffer.concat([...packJson({ a: "ö" })]);
  for (let length = 0; length < whole.length; length++)
    expect(() => unpackJson(whole.subarray(0, length))).toThrow(Error);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        unpackJson(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
  );
  expect(() => textOf(Uint8Array.of(0xc3))).toThrow(Error);
});
