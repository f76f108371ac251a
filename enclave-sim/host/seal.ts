import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { z } from "zod";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { digestSchema } from "../../src/core/ids.ts";
import { decodeBase64, encodeBase64 } from "../../src/crypto/base64.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";

const ALGORITHM = "aes-256-gcm";
const KEY_DOMAIN = "cryptlet/seal/v1";

/** What a blob is bound to: all of it goes into its key and is authenticated (in the manner of EGETKEY). */
const sealHeaderSchema = z.strictObject({
  format: z.literal("cryptlet-seal/v1"),
  vendor: z.literal("SIMULATOR-NO-HW!"),
  policy: z.enum(["MRENCLAVE", "PLATFORM"]),
  purpose: z.enum(["keyset", "platform-key"]),
  measurement: digestSchema,
  /** A debugged enclave never opens what another sealed. */
  debug: z.boolean(),
});
/** @see sealHeaderSchema */
export type SealHeader = z.infer<typeof sealHeaderSchema>;

const base64 = z.string().max(65_536);
const sealedSchema = z.strictObject({
  header: sealHeaderSchema,
  nonce: base64,
  ciphertext: base64,
  tag: base64,
});

const sealingKey = (secret: Uint8Array, header: SealHeader): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", secret, KEY_DOMAIN, canonicalJson(header), 32));

/** Seal bytes (HKDF-SHA-256, AES-256-GCM, header as additional data). JSON text. */
export const seal = (secret: Uint8Array, header: SealHeader, plain: Uint8Array): string => {
  const nonce = randomBytes(12);
  const cipher = createCipheriv(ALGORITHM, sealingKey(secret, header), nonce);
  cipher.setAAD(Buffer.from(canonicalJson(header)));
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  return canonicalJson({
    header,
    nonce: encodeBase64(nonce),
    ciphertext: encodeBase64(ciphertext),
    tag: encodeBase64(cipher.getAuthTag()),
  });
};

/**
 * Open a blob that must have been sealed under exactly `expected`. `path` is for the message only.
 * Throws `SEAL_REFUSED`.
 */
export const unseal = (
  secret: Uint8Array,
  expected: SealHeader,
  text: string,
  path: string,
): Uint8Array => {
  const refuse = (reason: string) => fabricError("SEAL_REFUSED", { path, reason });
  const blob = readBlob(text);
  if (!blob) throw refuse("it is no sealed blob");
  if (canonicalJson(blob.header) !== canonicalJson(expected))
    throw refuse("it was sealed for another measurement, purpose or debug state");
  try {
    const decipher = createDecipheriv(
      ALGORITHM,
      sealingKey(secret, expected),
      decodeBase64(blob.nonce),
      { authTagLength: 16 },
    );
    decipher.setAAD(Buffer.from(canonicalJson(expected)));
    decipher.setAuthTag(decodeBase64(blob.tag));
    return Buffer.concat([decipher.update(decodeBase64(blob.ciphertext)), decipher.final()]);
  } catch {
    throw refuse("it was changed, or another platform sealed it");
  }
};

const readBlob = (text: string): z.infer<typeof sealedSchema> | undefined => {
  try {
    return sealedSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};
