import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { decodeBase64, encodeBase64 } from "../../src/crypto/base64.ts";
import { bytesToHex, hexToBytes } from "../../src/crypto/bytes.ts";
import { hpkeOpen, hpkeSeal, x25519PublicKey } from "../../src/crypto/hpke/hpke.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import {
  SEALED_TRANSCRIPT_FORMAT,
  type SealedTranscript,
  sealedTranscriptSchema,
} from "../protocol/sealed-transcript.ts";
import { type Transcript, transcriptSchema } from "../protocol/transcript.ts";

const CIPHER = "aes-256-gcm";
const encoder = new TextEncoder();
const INFO = encoder.encode(SEALED_TRANSCRIPT_FORMAT);

type Header = Pick<SealedTranscript, "format" | "runId" | "measurement" | "head">;

/** Both the content and every wrapped key are bound to the run that they are of. */
const boundTo = ({ format, runId, measurement, head }: Header): Uint8Array =>
  encoder.encode(canonicalJson({ format, runId, measurement, head }));

/**
 * Encrypt a transcript for the owners of some X25519 keys (raw, hex). Throws `PUBLIC_KEY_INVALID`.
 * @example
 * ```ts
 * const sealed = await sealTranscript(transcript, [enclaveKey, auditorKey]);
 * ```
 */
export const sealTranscript = async (
  transcript: Transcript,
  recipients: readonly string[],
): Promise<SealedTranscript> => {
  const header: Header = {
    format: SEALED_TRANSCRIPT_FORMAT,
    runId: transcript.runId,
    measurement: transcript.cryptlet.measurement,
    head: transcript.head,
  };
  const aad = boundTo(header);
  const contentKey = randomBytes(32);
  const nonce = randomBytes(12);
  const cipher = createCipheriv(CIPHER, contentKey, nonce);
  cipher.setAAD(aad);
  const ciphertext = Buffer.concat([
    cipher.update(JSON.stringify(transcript), "utf8"),
    cipher.final(),
  ]);
  const wrapped = await Promise.all(
    [...new Set(recipients)].map(async (key) => {
      const message = await hpkeSeal(hexToBytes(key, 32), contentKey, { info: INFO, aad });
      return {
        key,
        encapsulated: encodeBase64(message.enc),
        ciphertext: encodeBase64(message.ciphertext),
      };
    }),
  );
  contentKey.fill(0);
  return {
    ...header,
    recipients: wrapped,
    nonce: encodeBase64(nonce),
    ciphertext: encodeBase64(ciphertext),
    tag: encodeBase64(cipher.getAuthTag()),
  };
};

const changed = (reason: string) => fabricError("TRANSCRIPT_INVALID", { reason });

/**
 * Open a sealed transcript with an X25519 secret key that it was sealed for.
 * Throws `TRANSCRIPT_SEALED` where it is not for this key, `TRANSCRIPT_INVALID` where it was changed.
 */
export const openTranscript = async (
  sealed: SealedTranscript,
  secretKey: Uint8Array,
): Promise<Transcript> => {
  const key = bytesToHex(x25519PublicKey(secretKey));
  const wrapped = sealed.recipients.find((recipient) => recipient.key === key);
  if (!wrapped) throw fabricError("TRANSCRIPT_SEALED", { run: sealed.runId });
  const aad = boundTo(sealed);
  const parsed = await unwrap(sealed, wrapped, { secretKey, aad }).catch(() => {
    throw changed("the sealed transcript was changed");
  });
  const { data } = transcriptSchema.safeParse(parsed);
  if (!data) throw changed("what was sealed is no transcript");
  if (data.head !== sealed.head || data.runId !== sealed.runId)
    throw changed("what was sealed is of another run");
  return data;
};

const unwrap = async (
  sealed: SealedTranscript,
  wrapped: SealedTranscript["recipients"][number],
  { secretKey, aad }: { readonly secretKey: Uint8Array; readonly aad: Uint8Array },
): Promise<unknown> => {
  const message = {
    enc: decodeBase64(wrapped.encapsulated),
    ciphertext: decodeBase64(wrapped.ciphertext),
  };
  const contentKey = await hpkeOpen(secretKey, message, { info: INFO, aad });
  const decipher = createDecipheriv(CIPHER, contentKey, decodeBase64(sealed.nonce), {
    authTagLength: 16,
  });
  contentKey.fill(0);
  decipher.setAAD(aad);
  decipher.setAuthTag(decodeBase64(sealed.tag));
  const plain = Buffer.concat([decipher.update(decodeBase64(sealed.ciphertext)), decipher.final()]);
  return JSON.parse(plain.toString("utf8"));
};

/** Read either form of a transcript from outside. Throws `TRANSCRIPT_INVALID`. */
export const parseRecordedTranscript = (value: unknown): Transcript | SealedTranscript => {
  const isSealed = typeof value === "object" && value !== null && "format" in value;
  const { data } = (isSealed ? sealedTranscriptSchema : transcriptSchema).safeParse(value);
  if (data) return data;
  throw fabricError("TRANSCRIPT_INVALID", { reason: "it is no transcript" });
};
