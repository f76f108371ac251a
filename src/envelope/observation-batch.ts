import { z } from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import { digestSchema, type Digest } from "../core/ids.ts";
import { bytesToHex, hexToBytes } from "../crypto/bytes.ts";
import type { SigningKey } from "../crypto/key-record.ts";
import { canonicalJson } from "./canonical-json.ts";
import { MAX_PAYLOAD_BYTES, type DsseEnvelope } from "./dsse.ts";
import { signEnvelope } from "./dsse-sign.ts";
import { verifyEnvelope } from "./dsse-verify.ts";
import type { KeyRing } from "./key-ring.ts";
import { createMerkleTree, verifyInclusion, type MerkleTree } from "./merkle-tree.ts";
import { parseStrictJson } from "./strict-json.ts";

/** DSSE payload type of one signature over many observations. */
export const OBSERVATION_BATCH_TYPE = "application/vnd.cryptlet.observation-batch.v1+json";
/** Most observations in one batch. */
export const MAX_BATCH_SIZE = 65_536;

/** What is signed: the root of the leaves in RFC 6962 hashing with SHA-256. */
export const observationBatchSchema = z.strictObject({
  /** Payload type of the leaves, each the payload bytes of one observation. */
  leafType: z.string().min(1).max(256),
  size: z.int().min(1).max(MAX_BATCH_SIZE),
  root: digestSchema,
  /** ms since epoch. */
  issuedAt: z.int().min(0).max(253_402_300_799_999),
});

/** @see observationBatchSchema */
export type ObservationBatch = z.infer<typeof observationBatchSchema>;

/** A signed batch; `tree.proof(i)` is what the reader of leaf i needs. */
export interface SignedBatch {
  readonly envelope: DsseEnvelope;
  readonly batch: ObservationBatch;
  readonly tree: MerkleTree;
}

const ROOT_PREFIX = "sha256:";
const encoder = new TextEncoder();

/** One signature per key over any number of payloads of one type. Throws `STATEMENT_MALFORMED` for none or too many. */
export const signObservationBatch = (
  leaves: readonly Uint8Array[],
  options: {
    readonly leafType: string;
    readonly issuedAt: number;
    readonly keys: readonly SigningKey[];
  },
): SignedBatch => {
  const tree = createMerkleTree(leaves);
  const batch = {
    leafType: options.leafType,
    size: tree.size,
    root: `${ROOT_PREFIX}${bytesToHex(tree.root)}` as Digest,
    issuedAt: options.issuedAt,
  };
  if (!observationBatchSchema.safeParse(batch).success)
    throw fabricError("STATEMENT_MALFORMED", { reason: `a batch of ${tree.size} leaves` });
  const payload = encoder.encode(canonicalJson(batch));
  return { envelope: signEnvelope(OBSERVATION_BATCH_TYPE, payload, options.keys), batch, tree };
};

/** Check a batch's signatures, then read it. Throws what `verifyEnvelope` and `parseStrictJson` throw, and `STATEMENT_MALFORMED`. */
export const verifyObservationBatch = (
  envelope: DsseEnvelope,
  options: { readonly ring: KeyRing; readonly threshold: number },
): ObservationBatch => {
  const { payload } = verifyEnvelope(envelope, { ...options, payloadType: OBSERVATION_BATCH_TYPE });
  const parsed = observationBatchSchema.safeParse(
    parseStrictJson(payload, { limit: MAX_PAYLOAD_BYTES, what: "the batch" }),
  );
  if (parsed.success) return parsed.data;
  throw fabricError("STATEMENT_MALFORMED", { reason: z.prettifyError(parsed.error).slice(0, 500) });
};

/** Check that a payload stands in a verified batch. Throws `INCLUSION_PROOF_WRONG`. */
export const verifyBatchedLeaf = (
  batch: ObservationBatch,
  member: {
    readonly leaf: Uint8Array;
    readonly index: number;
    readonly proof: readonly Uint8Array[];
  },
): void =>
  verifyInclusion({
    ...member,
    size: batch.size,
    root: hexToBytes(batch.root.slice(ROOT_PREFIX.length), 32),
  });
