import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import { decodeBase64, encodeBase64 } from "../crypto/base64.ts";
import { concatBytes } from "../crypto/bytes.ts";
import { createSigningKey, keyRecordSchema, type SigningKey } from "../crypto/key-record.ts";
import { ed25519Suite } from "../crypto/suites/ed25519.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import { parseStrictJson } from "../envelope/strict-json.ts";

/** Largest key file, bytes; one has about 700. */
export const MAX_PUBLISHER_KEY_BYTES = 4_096;
const FORMAT = "cryptlet-publisher-key/1";
const SECRET_BYTES = 32;
const TAG_BYTES = 16;
/** Cost of the password as in the other key files: 128 MiB and about a second. */
const COST = { n: 131_072, r: 8, p: 1 } as const;
/** A file that asks for more memory is an attack on whoever opens it, bytes. */
const MAX_SCRYPT_BYTES = 536_870_912;

const base64 = (bytes: number) =>
  z.string().regex(new RegExp(`^[A-Za-z0-9+/]{${Math.ceil((bytes * 4) / 3)}}=*$`));

const fileSchema = z.strictObject({
  format: z.literal(FORMAT),
  key: keyRecordSchema,
  scrypt: z
    .strictObject({
      n: z.int().min(16_384).max(1_048_576),
      r: z.int().min(1).max(32),
      p: z.int().min(1).max(4),
      salt: base64(32),
    })
    .refine(({ n, r }) => (n & (n - 1)) === 0 && 128 * n * r <= MAX_SCRYPT_BYTES),
  /** AES-256-GCM over the seed; format, key and scrypt are authenticated with it. */
  sealed: z.strictObject({ nonce: base64(12), ciphertext: base64(SECRET_BYTES + TAG_BYTES) }),
});
type KeyFile = z.infer<typeof fileSchema>;

const derive = async (
  password: string,
  { n, r, p, salt }: KeyFile["scrypt"],
): Promise<Uint8Array> =>
  await promisify<string, Uint8Array, number, object, Buffer>(scrypt)(
    // One text has one form, however the keyboard makes it.
    password.normalize("NFC"),
    decodeBase64(salt, "salt"),
    32,
    { N: n, r, p, maxmem: 2 * MAX_SCRYPT_BYTES },
  );

const headOf = ({ format, key, scrypt: cost }: Omit<KeyFile, "sealed">): Uint8Array =>
  new TextEncoder().encode(canonicalJson({ format, key, scrypt: cost }));

/**
 * Seal a publisher's key under a password: scrypt and AES-256-GCM. Web3 key files hold secp256k1 keys only and leave the
 * public key unauthenticated; PKCS #8's encryption (RFC 8018) has no authentication at all.
 * `cost` is lowered by tests alone.
 */
export const sealPublisherKey = async (
  secretKey: Uint8Array,
  password: string,
  {
    cost = COST,
  }: { readonly cost?: { readonly n: number; readonly r: number; readonly p: number } } = {},
): Promise<string> => {
  const head = {
    format: FORMAT,
    key: createSigningKey("ed25519", secretKey).record,
    scrypt: { ...cost, salt: encodeBase64(randomBytes(32)) },
  } as const;
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", await derive(password, head.scrypt), nonce);
  cipher.setAAD(headOf(head));
  const ciphertext = concatBytes(cipher.update(secretKey), cipher.final(), cipher.getAuthTag());
  const sealed = { nonce: encodeBase64(nonce), ciphertext: encodeBase64(ciphertext) };
  return `${JSON.stringify({ ...head, sealed }, null, 2)}\n`;
};

const readForm = (text: string, file: string): KeyFile => {
  const unreadable = (reason: string, cause?: unknown) =>
    fabricError("PUBLISHER_KEY_UNREADABLE", { file, reason }, { cause });
  let json: unknown;
  try {
    json = parseStrictJson(text, { limit: MAX_PUBLISHER_KEY_BYTES, what: "the key file" });
  } catch (error) {
    throw unreadable("no JSON of a key file", error);
  }
  const parsed = fileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw unreadable(`${parsed.error.issues[0]?.path.join(".") ?? ""} is not of this form`);
};

/** Who a key file belongs to; needs no password. Throws `PUBLISHER_KEY_UNREADABLE`. */
export const readPublisherKeyRecord = (text: string, file: string): KeyFile["key"] =>
  readForm(text, file).key;

/**
 * Open a publisher's key file. Throws `PUBLISHER_KEY_UNREADABLE`, `PUBLISHER_KEY_REFUSED` (the password, or a changed file).
 */
export const openPublisherKey = async (
  text: string,
  password: string,
  file: string,
): Promise<SigningKey> => {
  const { sealed, ...head } = readForm(text, file);
  const ciphertext = decodeBase64(sealed.ciphertext, "ciphertext");
  const decipher = createDecipheriv(
    "aes-256-gcm",
    await derive(password, head.scrypt),
    decodeBase64(sealed.nonce, "nonce"),
    { authTagLength: TAG_BYTES },
  );
  decipher.setAAD(headOf(head));
  decipher.setAuthTag(ciphertext.subarray(SECRET_BYTES));
  let secretKey: Uint8Array;
  try {
    secretKey = concatBytes(
      decipher.update(ciphertext.subarray(0, SECRET_BYTES)),
      decipher.final(),
    );
  } catch {
    // The cause says nothing that the reader may not know, and nothing that helps him.
    throw fabricError("PUBLISHER_KEY_REFUSED", { file });
  }
  const key = createSigningKey("ed25519", secretKey);
  if (key.record.keyid === head.key.keyid) return key;
  throw fabricError("PUBLISHER_KEY_REFUSED", { file });
};

/** A fresh seed. */
export const generatePublisherSecret = (): Uint8Array => ed25519Suite.generate();
