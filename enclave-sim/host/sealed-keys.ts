import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { systemCode } from "../../src/core/errors/system-code.ts";
import { digestHex } from "../../src/core/ids.ts";
import { decodeBase64, encodeBase64 } from "../../src/crypto/base64.ts";
import { bytesToHex } from "../../src/crypto/bytes.ts";
import { generateX25519, x25519PublicKey } from "../../src/crypto/hpke/hpke.ts";
import { createSigningKey, type KeyRecord, type SigningKey } from "../../src/crypto/key-record.ts";
import { suiteOf } from "../../src/crypto/suites.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import { readOrCreate } from "./create-once.ts";
import { seal, type SealIdentity, type SealRequest, unseal } from "./seal.ts";

/** Keys of one measurement. Secret halves never leave this thread. */
export interface Keyset {
  /** JSON form. */
  readonly ed25519: SigningKey;
  /** ABI tuple form. */
  readonly secp256k1: SigningKey;
  /** What secrets are encrypted to (HPKE). */
  readonly encryption: {
    /** Raw X25519 key in hex. */
    readonly publicKey: string;
    readonly secretKey: Uint8Array;
  };
}

/** A keyset with its number and when it takes over. */
export interface NumberedKeyset extends Keyset {
  /** 0 for the first; goes into the report data. */
  readonly epoch: number;
  /** ms since epoch from which it signs; the one before signs until then. */
  readonly activeFrom: number;
}

/** Public halves of what signs, in the order of the evidence. */
export const recordsOf = ({ ed25519, secp256k1 }: Keyset): readonly KeyRecord[] => [
  ed25519.record,
  secp256k1.record,
];

const JSON_SUITE = "ed25519";
const EVM_SUITE = "secp256k1-keccak256";
const SECRET_BYTES = 32;
/** Rotations that one measurement may see. */
const MAX_EPOCHS = 1_000;

const secret = z.string().length(44);
const time = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const keysetSchema = z.strictObject({
  ed25519: secret,
  secp256k1: secret,
  x25519: secret,
  activeFrom: time,
});
const platformSchema = z.strictObject({ seed: secret, createdAt: time });

/** The simulated platform's secret: the weakest point of the simulation, a file that the host's operator can read. */
export const readPlatformSecret = async (directory: string): Promise<Uint8Array> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = path.join(directory, "platform-secret");
  const bytes = await readOrCreate(file, () => randomBytes(SECRET_BYTES));
  if (bytes.length !== SECRET_BYTES)
    throw fabricError("SEAL_REFUSED", { path: file, reason: `it has ${bytes.length} bytes` });
  return bytes;
};

const encode = (content: unknown): Uint8Array => new TextEncoder().encode(canonicalJson(content));

const decode = <Schema extends z.ZodType>(
  plain: Uint8Array,
  schema: Schema,
  file: string,
): z.output<Schema> => {
  const parsed = schema.safeParse(JSON.parse(new TextDecoder().decode(plain)));
  if (parsed.success) return parsed.data;
  throw fabricError("SEAL_REFUSED", { path: file, reason: "it holds something else" });
};

const PLATFORM_REQUEST: SealRequest = { policy: "PLATFORM", purpose: "platform" };
/** The platform's own blob belongs to no enclave. */
const NO_ENCLAVE: SealIdentity = {
  mrenclave: `sha256:${"0".repeat(64)}` as SealIdentity["mrenclave"],
  mrsigner: "0".repeat(64),
  prodId: 0,
  svn: 0,
  cpuSvn: new Uint8Array(16),
  debug: false,
};

/** Seed of the simulated platform of a folder, made at the first use. `now` in ms since epoch. Throws `SEAL_REFUSED`. */
export const openPlatformSeed = async (
  directory: string,
  now: number,
): Promise<{ readonly seed: Uint8Array; readonly createdAt: number }> => {
  const file = path.join(directory, "platform.sealed");
  const key = await readPlatformSecret(directory);
  const text = await readOrCreate(file, () => {
    const content = { seed: encodeBase64(randomBytes(SECRET_BYTES)), createdAt: now };
    return seal(key, NO_ENCLAVE, PLATFORM_REQUEST, encode(content));
  });
  const blob = { text: text.toString("utf8"), path: file };
  const { plain } = unseal(key, NO_ENCLAVE, PLATFORM_REQUEST, blob);
  const { seed, createdAt } = decode(plain, platformSchema, file);
  return { seed: decodeBase64(seed), createdAt };
};

/** The keysets of one measurement, oldest first; secret halves are used in this thread only. */
export interface KeysetBook {
  /** The keyset that signs at that time (ms since epoch). */
  current(at: number): NumberedKeyset;
  /** The newest one, which may not sign yet. */
  newest(): NumberedKeyset;
  /** The keyset with this Ed25519 key, of whatever age. */
  find(keyid: string): NumberedKeyset | undefined;
  /** Makes and seals the next one. Throws `SEAL_REFUSED`. */
  add(activeFrom: number): Promise<NumberedKeyset>;
}

const requestOf = (epoch: number): SealRequest => ({
  policy: "MRENCLAVE",
  purpose: "keyset",
  counter: epoch,
});

const fileOf = (directory: string, { mrenclave, debug }: SealIdentity, epoch: number): string => {
  const name = digestHex(mrenclave);
  return path.join(directory, `${name}${debug ? ".debug" : ""}.${epoch}.sealed`);
};

const freshKeyset = (activeFrom: number): Uint8Array =>
  encode({
    ed25519: encodeBase64(suiteOf(JSON_SUITE).generate()),
    secp256k1: encodeBase64(suiteOf(EVM_SUITE).generate()),
    x25519: encodeBase64(generateX25519()),
    activeFrom,
  });

const readKeyset = (plain: Uint8Array, epoch: number, file: string): NumberedKeyset => {
  const stored = decode(plain, keysetSchema, file);
  const secretKey = decodeBase64(stored.x25519);
  return {
    epoch,
    activeFrom: stored.activeFrom,
    ed25519: createSigningKey(JSON_SUITE, decodeBase64(stored.ed25519)),
    secp256k1: createSigningKey(EVM_SUITE, decodeBase64(stored.secp256k1)),
    encryption: { publicKey: bytesToHex(x25519PublicKey(secretKey)), secretKey },
  };
};

/**
 * The keysets of the running enclave: opened where they were sealed before, the first one made otherwise. Each stands
 * in a file of its own that is written once, so that a rotation that a crash cuts off is whole or did not happen.
 * Throws `SEAL_REFUSED`.
 */
export const openKeysets = async (
  directory: string,
  identity: SealIdentity,
): Promise<KeysetBook> => {
  const key = await readPlatformSecret(directory);
  const openText = (text: Buffer, epoch: number, file: string): NumberedKeyset => {
    const blob = { text: text.toString("utf8"), path: file };
    const { plain, counter } = unseal(key, identity, requestOf(epoch), blob);
    if (counter !== epoch)
      throw fabricError("SEAL_REFUSED", { path: file, reason: `it is number ${counter}` });
    return readKeyset(plain, epoch, file);
  };
  const openOrMake = async (epoch: number, activeFrom: number): Promise<NumberedKeyset> => {
    const file = fileOf(directory, identity, epoch);
    const make = () => seal(key, identity, requestOf(epoch), freshKeyset(activeFrom));
    return openText(await readOrCreate(file, make), epoch, file);
  };

  const first = await openOrMake(0, 0);
  const keysets: NumberedKeyset[] = [first];
  for (let epoch = 1; epoch < MAX_EPOCHS; epoch += 1) {
    const file = fileOf(directory, identity, epoch);
    const text = await readFile(file).catch((error: unknown) => {
      if (systemCode(error) === "ENOENT") return null;
      throw error;
    });
    if (text === null) break;
    keysets.push(openText(text, epoch, file));
  }
  return {
    current: (at) => keysets.findLast(({ activeFrom }) => activeFrom <= at) ?? first,
    newest: () => keysets.at(-1) ?? first,
    find: (keyid) => keysets.find(({ ed25519 }) => ed25519.record.keyid === keyid),
    add: async (activeFrom) => {
      const keyset = await openOrMake(keysets.length, activeFrom);
      keysets.push(keyset);
      return keyset;
    },
  };
};
