import { computeAddress, decryptKeystoreJson, encryptKeystoreJson } from "ethers";
import { z } from "zod";
import { fabricError, isFabricError } from "../../../core/errors/fabric-error.ts";
import { addressSchema, type Address } from "../../../core/ids.ts";
import { createTransactionSigner, type TransactionSigner } from "../transaction-signer.ts";

/** Largest key file, bytes; one has about 500. */
export const MAX_KEYSTORE_BYTES = 16_384;
/** Cost of a new file's password, as geth sets it: 128 MiB and about a second. */
const SCRYPT_N = 131_072;
/** Memory that a file may ask for, bytes: one that asks for more is an attack on whoever opens it. */
const MAX_SCRYPT_BYTES = 536_870_912;
const MAX_PBKDF2_ROUNDS = 10_000_000;

const hexBytes = (length: number) =>
  z.string().regex(new RegExp(`^(?:0x)?[0-9a-fA-F]{${length * 2}}$`));
const salt = z.string().regex(/^(?:0x)?(?:[0-9a-fA-F]{2}){1,64}$/);

const cryptoSchema = z.object({
  cipher: z.literal("aes-128-ctr"),
  cipherparams: z.object({ iv: hexBytes(16) }),
  ciphertext: hexBytes(32),
  mac: hexBytes(32),
  kdf: z.enum(["scrypt", "pbkdf2"]),
  kdfparams: z.union([
    z
      .object({
        n: z.int().min(2).max(4_194_304),
        r: z.int().min(1).max(64),
        p: z.int().min(1).max(16),
        dklen: z.literal(32),
        salt,
      })
      .refine(({ n, r }) => (n & (n - 1)) === 0 && 128 * n * r <= MAX_SCRYPT_BYTES),
    z.object({
      c: z.int().min(1).max(MAX_PBKDF2_ROUNDS),
      prf: z.literal("hmac-sha256"),
      dklen: z.literal(32),
      salt,
    }),
  ]),
});

/** The parts of Web3 Secret Storage version 3 that are read; anything else in the file is left alone. */
const keystoreSchema = z
  .object({
    version: z.literal(3),
    address: z
      .string()
      .regex(/^(?:0x)?[0-9a-fA-F]{40}$/)
      .optional(),
    id: z.string().max(64).optional(),
    crypto: cryptoSchema.optional(),
    /** As ethers and some others write it. */
    Crypto: cryptoSchema.optional(),
  })
  .transform(({ Crypto, ...rest }) => ({ ...rest, crypto: rest.crypto ?? Crypto }))
  .refine(({ crypto }) => crypto !== undefined);

/** What ethers throws about one of its arguments. */
const argumentFault = z.object({ code: z.literal("INVALID_ARGUMENT"), argument: z.string() });

/**
 * What of the file is read, checked before anything is computed: ethers takes names in any case, so that of what was not
 * checked nothing may reach it. Throws `KEYSTORE_UNREADABLE`.
 */
const readForm = (text: string, file: string): string => {
  const unreadable = (reason: string) => fabricError("KEYSTORE_UNREADABLE", { file, reason });
  if (text.length > MAX_KEYSTORE_BYTES) throw unreadable(`above ${MAX_KEYSTORE_BYTES} bytes`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw unreadable("no JSON");
  }
  const checked = keystoreSchema.safeParse(parsed);
  if (checked.success) return JSON.stringify(checked.data);
  const where = checked.error.issues[0]?.path.join(".") ?? "";
  throw unreadable(where === "" ? "not of this form" : `${where} is not of this form`);
};

/**
 * Opens a key file (Web3 Secret Storage version 3, scrypt or PBKDF2). `file` is what errors call it; `expected` is the
 * account that must be inside. Throws `KEYSTORE_UNREADABLE`, `KEYSTORE_PASSWORD_WRONG`, `KEYSTORE_ADDRESS_WRONG`.
 * @example
 * ```ts
 * const signer = await openKeystore({ text, password: secret.reveal(), file: "host-key.json", expected: null });
 * ```
 */
export const openKeystore = async (options: {
  readonly text: string;
  readonly password: string;
  readonly file: string;
  readonly expected: Address | null;
}): Promise<TransactionSigner> => {
  const { text, password, file, expected } = options;
  const form = readForm(text, file);
  let secret: string;
  try {
    ({ privateKey: secret } = await decryptKeystoreJson(form, password));
  } catch (error) {
    const fault = argumentFault.safeParse(error);
    if (fault.success && fault.data.argument === "password")
      throw fabricError("KEYSTORE_PASSWORD_WRONG", { file });
    const reason =
      fault.success && fault.data.argument === "address"
        ? "its address is not that of its key"
        : "it cannot be decrypted";
    // Its cause may hold parts of the key.
    throw fabricError("KEYSTORE_UNREADABLE", { file, reason });
  }
  const signer = createTransactionSigner(secret);
  if (expected !== null && signer.address !== expected)
    throw fabricError("KEYSTORE_ADDRESS_WRONG", { file, expected, actual: signer.address });
  return signer;
};

/** The account of a private key, 32 bytes as `0x` hex; null when it is no key. */
export const accountOf = (secret: string): Address | null => {
  try {
    return createTransactionSigner(secret).address;
  } catch (error) {
    if (isFabricError(error)) return null;
    throw error;
  }
};

/** The text of a key file for a private key, 32 bytes as `0x` hex. `n` is scrypt's cost; default 131,072. */
export const sealKeystore = async (
  secret: string,
  password: string,
  options: { readonly n?: number } = {},
): Promise<{ readonly text: string; readonly address: Address }> => {
  const account = { address: computeAddress(secret), privateKey: secret };
  const scrypt = { N: options.n ?? SCRYPT_N };
  const sealed = await encryptKeystoreJson(account, password, {
    scrypt,
    client: "cryptlet-fabric",
  });
  return {
    // Without ethers' own remarks, which hold the time.
    text: `${JSON.stringify(keystoreSchema.parse(JSON.parse(sealed)), null, 2)}\n`,
    address: addressSchema.parse(account.address),
  };
};
