import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { z } from "zod";
import { SIMULATED_VENDOR } from "../../src/attestation/simulated-vendor.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { type Digest, digestHex } from "../../src/core/ids.ts";
import { decodeBase64, encodeBase64 } from "../../src/crypto/base64.ts";
import { bytesToHex, hexToBytes } from "../../src/crypto/bytes.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";

const ALGORITHM = "aes-256-gcm";
const KEY_DOMAIN = "cryptlet/seal/v2";
const ZEROS = "0".repeat(64);
const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

/** What the running enclave is: the values that EGETKEY takes from it and never from a request. */
export interface SealIdentity {
  readonly mrenclave: Digest;
  /** Hex; zeros where nobody signed the package. */
  readonly mrsigner: string;
  readonly prodId: number;
  readonly svn: number;
  /** Sixteen security versions of the platform. */
  readonly cpuSvn: Uint8Array;
  readonly debug: boolean;
}

/**
 * `MRENCLAVE`: this code only. `MRSIGNER`: every package of the same publisher and product. `PLATFORM`: the simulated
 * machine itself, whatever runs on it.
 */
export type SealPolicy = "MRENCLAVE" | "MRSIGNER" | "PLATFORM";

/** What a blob is for; one of another purpose never opens. */
export type SealPurpose = "keyset" | "platform" | "state" | "group-share";

/**
 * What a blob is bound to: all of it goes into its key and is authenticated, in the manner of EGETKEY (Intel SDM volume
 * 3D, KEYREQUEST). The debug state is always part of it.
 */
const sealHeaderSchema = z.strictObject({
  format: z.literal("cryptlet-seal/v2"),
  vendor: z.literal(SIMULATED_VENDOR),
  policy: z.enum(["MRENCLAVE", "MRSIGNER", "PLATFORM"]),
  purpose: z.enum(["keyset", "platform", "state", "group-share"]),
  /** MRENCLAVE or MRSIGNER by the policy; zeros for the platform's own. */
  identity: hex(32),
  prodId: z.int().min(0).max(0xffff),
  svn: z.int().min(0).max(0xffff),
  cpuSvn: hex(16),
  debug: z.boolean(),
  /** Grows with every version of the content: what a monotonic counter is held against. */
  counter: z.int().min(0),
});
type SealHeader = z.infer<typeof sealHeaderSchema>;

const base64 = z.string().max(1_500_000);
const sealedSchema = z.strictObject({
  header: sealHeaderSchema,
  nonce: base64,
  ciphertext: base64,
  tag: base64,
});

const identityFor = (identity: SealIdentity, policy: SealPolicy): string => {
  if (policy === "PLATFORM") return ZEROS;
  if (policy === "MRSIGNER") return identity.mrsigner;
  return digestHex(identity.mrenclave);
};

const sealingKey = (secret: Uint8Array, header: SealHeader): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", secret, KEY_DOMAIN, canonicalJson(header), 32));

/** What is asked of a blob. */
export interface SealRequest {
  readonly policy: SealPolicy;
  readonly purpose: SealPurpose;
  readonly counter?: number;
}

/**
 * Seal bytes under the running enclave's own versions (HKDF-SHA-256, AES-256-GCM, header as additional data). JSON text.
 * Throws `SEAL_REFUSED` (policy MRSIGNER where nobody signed).
 */
export const seal = (
  secret: Uint8Array,
  identity: SealIdentity,
  request: SealRequest,
  plain: Uint8Array,
): string => {
  const { policy, purpose, counter = 0 } = request;
  if (policy === "MRSIGNER" && identity.mrsigner === ZEROS)
    throw fabricError("SEAL_REFUSED", { path: purpose, reason: "nobody signed the package" });
  const isPlatform = policy === "PLATFORM";
  const header: SealHeader = {
    format: "cryptlet-seal/v2",
    vendor: SIMULATED_VENDOR,
    policy,
    purpose,
    identity: identityFor(identity, policy),
    prodId: policy === "MRSIGNER" ? identity.prodId : 0,
    svn: isPlatform ? 0 : identity.svn,
    cpuSvn: bytesToHex(isPlatform ? new Uint8Array(16) : identity.cpuSvn),
    debug: !isPlatform && identity.debug,
    counter,
  };
  const nonce = randomBytes(12);
  const aad = Buffer.from(canonicalJson(header));
  const cipher = createCipheriv(ALGORITHM, sealingKey(secret, header), nonce);
  cipher.setAAD(aad);
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  return canonicalJson({
    header,
    nonce: encodeBase64(nonce),
    ciphertext: encodeBase64(ciphertext),
    tag: encodeBase64(cipher.getAuthTag()),
  });
};

/** Why the running enclave gets no key for this header, as a processor would refuse it; null when it gets one. */
const findRefusal = (
  header: SealHeader,
  identity: SealIdentity,
  request: SealRequest,
): string | null => {
  const { policy, purpose, counter = 0 } = request;
  if (header.policy !== policy || header.purpose !== purpose)
    return "it was sealed for another purpose";
  if (header.identity !== identityFor(identity, policy))
    return "it was sealed for another measurement or publisher";
  if (header.counter < counter) return "it is older than the last one that was sealed";
  if (policy === "PLATFORM") return header.debug ? "it was sealed for another debug state" : null;
  if (policy === "MRSIGNER" && header.prodId !== identity.prodId)
    return "it was sealed for another product";
  if (header.debug !== identity.debug) return "it was sealed for another debug state";
  if (header.svn > identity.svn) return "a newer security version sealed it";
  const versions = hexToBytes(header.cpuSvn, 16);
  if (versions.some((version, index) => version > (identity.cpuSvn[index] ?? 0)))
    return "a newer platform sealed it";
  return null;
};

/** What was in a blob. */
export interface Unsealed {
  readonly plain: Uint8Array;
  readonly counter: number;
}

/**
 * Open a blob: of this policy and purpose, sealed by the same identity under its own or older versions, with a counter
 * of at least `counter`. `path` is for the message only. Throws `SEAL_REFUSED`.
 */
export const unseal = (
  secret: Uint8Array,
  identity: SealIdentity,
  request: SealRequest,
  { text, path }: { readonly text: string; readonly path: string },
): Unsealed => {
  const refuse = (reason: string) => fabricError("SEAL_REFUSED", { path, reason });
  const blob = readBlob(text);
  if (!blob) throw refuse("it is no sealed blob");
  const { header } = blob;
  const refusal = findRefusal(header, identity, request);
  if (refusal !== null) throw refuse(refusal);
  try {
    const decipher = createDecipheriv(
      ALGORITHM,
      sealingKey(secret, header),
      decodeBase64(blob.nonce),
      { authTagLength: 16 },
    );
    decipher.setAAD(Buffer.from(canonicalJson(header)));
    decipher.setAuthTag(decodeBase64(blob.tag));
    const ciphertext = decodeBase64(blob.ciphertext);
    const plain = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    return { plain: new Uint8Array(plain), counter: header.counter };
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
