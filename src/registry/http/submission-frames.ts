import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Digest } from "../../core/ids.ts";
import { concatBytes } from "../../crypto/bytes.ts";
import { digestOf } from "../../crypto/hashes.ts";
import { MAX_ENVELOPE_BYTES, parseEnvelope, serializeEnvelope } from "../../envelope/dsse.ts";
import type { Submission } from "../registry.ts";

/** Media type of a submission's body. */
export const SUBMISSION_TYPE = "application/vnd.cryptlet.submission.v1";
/** A release has at most five files. */
const MAX_BLOBS = 8;
const HEAD = 4;

const encoder = new TextEncoder();

const frame = (bytes: Uint8Array): Uint8Array => {
  const head = new Uint8Array(HEAD);
  new DataView(head.buffer).setUint32(0, bytes.length);
  return concatBytes(head, bytes);
};

/**
 * A submission as one body: the envelope's JSON, then each file, every part behind its length in bytes (32 bits,
 * big-endian). Files go as they are: base64 in JSON would be a third more, and all of it text in memory.
 */
export const encodeSubmission = ({ envelope, blobs }: Submission): Uint8Array<ArrayBuffer> => {
  const parts = [encoder.encode(serializeEnvelope(envelope)), ...blobs.values()].map(frame);
  return new Uint8Array(concatBytes(...parts));
};

const refuse = (reason: string) => fabricError("SUBMISSION_MALFORMED", { reason });

/**
 * Read a submission's body. A file's name is its digest, which is computed here: nobody can send one under another's.
 * Throws `SUBMISSION_MALFORMED`, and what reading the envelope throws.
 */
export const decodeSubmission = (body: Uint8Array): Submission => {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < body.length;) {
    if (parts.length > MAX_BLOBS) throw refuse(`it has more than ${MAX_BLOBS} files`);
    if (at + HEAD > body.length) throw refuse("a length is cut off");
    const length = view.getUint32(at);
    at += HEAD;
    if (length === 0) throw refuse("a part is empty");
    if (length > body.length - at) throw refuse("a part is cut off");
    parts.push(body.subarray(at, at + length));
    at += length;
  }
  const [head, ...files] = parts;
  if (!head) throw refuse("it has no envelope");
  if (head.length > MAX_ENVELOPE_BYTES) throw refuse("its envelope is too long");
  const blobs = new Map<Digest, Uint8Array>();
  for (const file of files) {
    const digest = digestOf(file);
    if (blobs.has(digest)) throw refuse("a file stands in it twice");
    blobs.set(digest, file);
  }
  return { envelope: parseEnvelope(head), blobs };
};
