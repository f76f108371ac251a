import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFabricError } from "../../core/errors/fabric-error.ts";
import { digestOf } from "../../crypto/hashes.ts";
import { decodeSubmission, encodeSubmission } from "./submission-frames.ts";

const envelope = {
  payload: "e30=",
  payloadType: "application/json",
  signatures: [{ keyid: "k", sig: "c2ln" }],
};

describe("a submission's body", () => {
  it("comes back as it was", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 500 }), {
          maxLength: 8,
          selector: (bytes) => digestOf(bytes),
        }),
        (files) => {
          const blobs = new Map(files.map((bytes) => [digestOf(bytes), bytes]));
          const read = decodeSubmission(encodeSubmission({ envelope, blobs }));
          expect(read.envelope).toEqual(envelope);
          expect([...read.blobs].map(([digest, bytes]) => [digest, [...bytes]])).toEqual(
            [...blobs].map(([digest, bytes]) => [digest, [...bytes]]),
          );
        },
      ),
    );
  });

  it("is read or refused by code, whatever it is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        try {
          decodeSubmission(body);
        } catch (error) {
          expect(isFabricError(error)).toBe(true);
        }
      }),
    );
  });

  it("holds each file once, and few of them", () => {
    const file = new Uint8Array([1]);
    const one = encodeSubmission({ envelope, blobs: new Map([[digestOf(file), file]]) });
    const again = new Uint8Array([...one, 0, 0, 0, 1, 1]);
    expect(() => decodeSubmission(again)).toThrowError(
      expect.objectContaining({ code: "SUBMISSION_MALFORMED" }),
    );
    const blobs = new Map(
      Array.from({ length: 9 }, (_, at) => new Uint8Array([at])).map((bytes) => [
        digestOf(bytes),
        bytes,
      ]),
    );
    expect(() => decodeSubmission(encodeSubmission({ envelope, blobs }))).toThrowError(
      expect.objectContaining({ code: "SUBMISSION_MALFORMED" }),
    );
  });
});
