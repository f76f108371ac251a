import * as z from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import { chainNameSchema } from "../core/ids.ts";
import { groupRecordSchema } from "../crypto/frost/group-record.ts";
import { keyRecordSchema } from "../crypto/key-record.ts";
import { canonicalJson } from "./canonical-json.ts";
import { dsseEnvelopeSchema } from "./dsse.ts";
import { runReceiptSchema } from "./run-receipt.ts";
import { parseStrictJson } from "./strict-json.ts";

export const BUNDLE_MEDIA_TYPE = "application/vnd.cryptlet.bundle.v1+json";
/** Largest bundle that is read, in bytes. */
export const MAX_BUNDLE_BYTES = 4_194_304;
/** Most pieces of evidence that a bundle carries: one for each host that may have to sign. */
export const MAX_EVIDENCE = 32;

const text = (max: number) => z.string().max(max);

/** Evidence of an enclave as opaque bytes; `src/attestation` knows the types. Its id is the SHA-256 of the body's signed part. */
export const evidenceSchema = z.strictObject({
  /** Media type of the body. */
  type: text(128),
  /** Base64. */
  body: text(524_288),
});

/** @see evidenceSchema */
export type Evidence = z.infer<typeof evidenceSchema>;

/** Where an observation landed on a chain. It proves itself only together with that chain. */
export const receiptSchema = z.strictObject({
  chain: chainNameSchema,
  /** EIP-155 chain id in decimal, or the family's own name of the network. */
  chainId: text(64),
  contract: text(128),
  transaction: text(128),
  blockNumber: z.int().min(0),
  blockHash: text(128).nullable(),
  round: z.int().min(1).max(0xffff_ffff),
});

/** @see receiptSchema */
export type Receipt = z.infer<typeof receiptSchema>;

/** Everything that a party needs to check one observation. Not signed as a whole: each part proves itself. */
export const bundleSchema = z.strictObject({
  mediaType: z.literal(BUNDLE_MEDIA_TYPE),
  /** JSON form. */
  envelope: dsseEnvelopeSchema,
  /** ABI tuple form; null for a record. */
  onchain: dsseEnvelopeSchema.nullable(),
  /** Keys that the evidence binds. Being here makes no key trusted. */
  keys: z.array(keyRecordSchema).max(32),
  evidence: z.array(evidenceSchema).max(MAX_EVIDENCE),
  /** Base64 DER; none in this version. */
  certificates: z.array(text(16_384)).max(16),
  receipts: z.array(receiptSchema).max(64),
  /** Receipt of the run; the statement carries its digest. */
  run: runReceiptSchema.nullable(),
  /** The group whose key signed the ABI tuple; left out where none did. */
  group: groupRecordSchema.optional(),
  /** Ledger anchors; none in this version. */
  anchors: z.array(z.never()).max(0),
});

/** @see bundleSchema */
export type Bundle = z.infer<typeof bundleSchema>;

/** Put a bundle together from parts that were made by this fabric. */
export const buildBundle = (
  parts: Pick<Bundle, "envelope" | "onchain" | "keys"> &
    Partial<Pick<Bundle, "evidence" | "receipts" | "run" | "group">>,
): Bundle => ({
  mediaType: BUNDLE_MEDIA_TYPE,
  envelope: parts.envelope,
  onchain: parts.onchain,
  keys: parts.keys,
  evidence: parts.evidence ?? [],
  certificates: [],
  receipts: parts.receipts ?? [],
  run: parts.run ?? null,
  ...(parts.group ? { group: parts.group } : {}),
  anchors: [],
});

/** Canonical JSON text of a bundle. */
export const serializeBundle = (bundle: Bundle): string => canonicalJson(bundle);

/**
 * Read a bundle that came from outside; nothing in it is verified yet. Throws `INPUT_TOO_LARGE`, `JSON_MALFORMED`, `BUNDLE_MALFORMED`.
 * @example
 * ```ts
 * import { parseBundle } from "cryptlet-fabric/envelope";
 *
 * try {
 *   parseBundle("{}");
 * } catch (error) {
 *   console.log(error instanceof Error && "code" in error && error.code); // BUNDLE_MALFORMED
 * }
 * ```
 */
export const parseBundle = (bytes: Uint8Array | string): Bundle => {
  const json = parseStrictJson(bytes, { limit: MAX_BUNDLE_BYTES, what: "the bundle" });
  const parsed = bundleSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw fabricError("BUNDLE_MALFORMED", { reason: z.prettifyError(parsed.error).slice(0, 500) });
};
