import { fabricError } from "../core/errors/fabric-error.ts";
import { decodeBase64, encodeBase64 } from "../crypto/base64.ts";
import { bytesEqual, bytesToHex, concatBytes } from "../crypto/bytes.ts";
import { SHA256_LENGTH, sha256 } from "../crypto/hashes.ts";
import { ed25519Suite } from "../crypto/suites/ed25519.ts";
import type { SignedCheckpoint } from "./registry.ts";

/** What a registry's log held when it signed. */
export interface Checkpoint {
  /** Name of the log; the key's name too. */
  readonly origin: string;
  /** Entries. */
  readonly size: number;
  /** Root of their tree (RFC 6962), 32 bytes. */
  readonly root: Uint8Array;
}

/** Key that signs checkpoints. */
export interface CheckpointKey {
  readonly origin: string;
  /** What verifiers are told: `<origin>+<key hash>+<key>` as golang.org/x/mod/sumdb/note writes it. */
  readonly verifier: string;
  sign(checkpoint: Omit<Checkpoint, "origin">): SignedCheckpoint;
}

/** Longest note that is read, in characters. */
const MAX_NOTE = 16_384;
const MAX_SIGNATURES = 16;
/** Algorithm byte of a plain Ed25519 key (C2SP signed-note, "Signature types"). */
const ED25519 = 0x01;
const KEY_HASH_BYTES = 4;
const ORIGIN = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?$/;
/** Em dash, space: what a signature line begins with. */
const MARK = "\u2014 ";
const SIZE = /^(?:0|[1-9]\d{0,14})$/;
const encoder = new TextEncoder();

const invalid = (reason: string) => fabricError("CHECKPOINT_INVALID", { reason });

/** First four bytes of SHA-256(name LF algorithm key): a hint, not an identity. */
const keyHash = (origin: string, publicKey: Uint8Array): Uint8Array =>
  sha256(concatBytes(encoder.encode(`${origin}\n`), Uint8Array.of(ED25519), publicKey)).slice(
    0,
    KEY_HASH_BYTES,
  );

const encodeBody = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${encodeBase64(root)}\n`;

/** Whether a text can name a log. */
export const isOrigin = (text: string): boolean => ORIGIN.test(text);

/**
 * Make a key ready to sign checkpoints. `secretKey` is an Ed25519 seed, 32 bytes.
 * Throws `CHECKPOINT_INVALID` for an origin that is none, `SECRET_KEY_INVALID`.
 */
export const createCheckpointKey = (origin: string, secretKey: Uint8Array): CheckpointKey => {
  if (!isOrigin(origin))
    throw invalid("the origin has other characters than letters, digits and ._/-");
  const signer = ed25519Suite.signer(secretKey);
  const hash = keyHash(origin, signer.publicKey);
  const key = encodeBase64(concatBytes(Uint8Array.of(ED25519), signer.publicKey));
  return {
    origin,
    verifier: `${origin}+${bytesToHex(hash)}+${key}`,
    sign: ({ size, root }) => {
      const body = encodeBody({ origin, size, root });
      const signature = concatBytes(hash, signer.sign(encoder.encode(body)));
      return `${body}\n${MARK}${origin} ${encodeBase64(signature)}\n`;
    },
  };
};

/** A verifier key in its parts. Throws `CHECKPOINT_KEY_INVALID`. */
export const parseCheckpointVerifier = (
  text: string,
): { readonly origin: string; readonly publicKey: Uint8Array } => {
  const malformed = () => fabricError("CHECKPOINT_KEY_INVALID", { key: text.slice(0, 80) });
  const [origin = "", hash = "", ...rest] = text.split("+");
  // Base64 may hold a plus sign itself.
  const encoded = rest.join("+");
  if (!isOrigin(origin) || text.length > 256) throw malformed();
  let bytes: Uint8Array;
  try {
    bytes = decodeBase64(encoded, "checkpoint key");
    ed25519Suite.verifier(bytes.slice(1));
  } catch (error) {
    throw fabricError("CHECKPOINT_KEY_INVALID", { key: text.slice(0, 80) }, { cause: error });
  }
  const publicKey = bytes.slice(1);
  if (bytes[0] !== ED25519 || bytesToHex(keyHash(origin, publicKey)) !== hash) throw malformed();
  return { origin, publicKey };
};

const signatureLines = (text: string): readonly { name: string; bytes: Uint8Array }[] => {
  const lines = text.split("\n");
  if (lines.pop() !== "" || lines.length === 0 || lines.length > MAX_SIGNATURES)
    throw invalid("its signature lines are not well-formed");
  return lines.map((line) => {
    const [mark, name = "", encoded = "", ...rest] = line.split(" ");
    if (mark !== MARK.trimEnd() || rest.length > 0) throw invalid("a signature line is malformed");
    try {
      return { name, bytes: decodeBase64(encoded, "signature") };
    } catch (error) {
      throw fabricError(
        "CHECKPOINT_INVALID",
        { reason: "a signature is not base64" },
        { cause: error },
      );
    }
  });
};

const parseBody = (body: string): Checkpoint => {
  // tlog-checkpoint lets a log add lines of its own; this registry writes none, and nothing is read that is not known.
  const [origin = "", size = "", root = "", ...rest] = body.split("\n");
  if (rest.length !== 1 || rest[0] !== "" || !isOrigin(origin) || !SIZE.test(size))
    throw invalid("its text is no checkpoint");
  let bytes: Uint8Array;
  try {
    bytes = decodeBase64(root, "root");
  } catch (error) {
    throw fabricError("CHECKPOINT_INVALID", { reason: "the root is not base64" }, { cause: error });
  }
  if (bytes.length !== SHA256_LENGTH || encodeBase64(bytes) !== root)
    throw invalid("the root has not 32 bytes");
  return { origin, size: Number(size), root: bytes };
};

/**
 * Verify a checkpoint's signature by the key that its registry is known by, then read it (C2SP signed-note and
 * tlog-checkpoint). Signatures of other keys are passed over, as the specification asks.
 * Throws `CHECKPOINT_INVALID`, `CHECKPOINT_KEY_INVALID`, `CHECKPOINT_NOT_SIGNED` (by this key).
 * @example
 * ```ts
 * const { size, root } = openCheckpoint(await registry.checkpoint(), "registry.example+1d6b…+AZ…");
 * ```
 */
export const openCheckpoint = (note: SignedCheckpoint, verifier: string): Checkpoint => {
  const { origin, publicKey } = parseCheckpointVerifier(verifier);
  if (note.length > MAX_NOTE) throw invalid(`it is longer than ${MAX_NOTE} characters`);
  const end = note.lastIndexOf("\n\n");
  if (end === -1) throw invalid("it has no signatures");
  const body = note.slice(0, end + 1);
  const hash = keyHash(origin, publicKey);
  const { verify } = ed25519Suite.verifier(publicKey);
  const message = encoder.encode(body);
  const own = signatureLines(note.slice(end + 2)).filter(
    ({ name, bytes }) => name === origin && bytesEqual(bytes.subarray(0, KEY_HASH_BYTES), hash),
  );
  if (
    own.length !== 1 ||
    !own.every(({ bytes }) => verify(bytes.subarray(KEY_HASH_BYTES), message))
  )
    throw fabricError("CHECKPOINT_NOT_SIGNED", { origin });
  const checkpoint = parseBody(body);
  if (checkpoint.origin !== origin) throw invalid("its origin is not its key's name");
  return checkpoint;
};
