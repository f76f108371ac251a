import { concat, toBeHex } from "ethers";
import type { BindingForm } from "../../bindings/binding.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { digestHex } from "../../core/ids.ts";
import { bytesToPrefixedHex } from "../../crypto/bytes.ts";
import { digestOf } from "../../crypto/hashes.ts";
import {
  encodePackedWords,
  encodeStoredItems,
  packedWordsOf,
  storedItemsOf,
} from "../../envelope/batch-encoding.ts";
import { readBatchMembers } from "../../envelope/batch-members.ts";
import {
  BATCH_SOLABI_TYPE,
  batchContentOf,
  checkBatchAgrees,
  decodeOnchainBatch,
} from "../../envelope/batch-solabi.ts";
import { preAuthEncoding } from "../../envelope/dsse.ts";
import { parseObservation } from "../../envelope/observation-json.ts";
import { batchAbi } from "./batch-abi.ts";
import {
  encodeGroupSigners,
  encodeListSigners,
  type SignersPart,
  type SignerSet,
} from "./encode-signers.ts";

/** A batch as its delivery holds it. */
export interface SignedBatchPayload {
  /** 160 bytes, see `encodeOnchainBatch`. */
  readonly payload: Uint8Array;
  readonly signatures: readonly Uint8Array[];
  /** JSON payload whose digest is under the tuple's content. */
  readonly statement: Uint8Array;
}

/** Forms in which a batch contract takes a batch. */
export type BatchForm = Exclude<BindingForm, "single">;

/** What a form's call is made of, before anyone signs for a contract. */
export interface BatchCall {
  /** Calldata, `0x` hex, for the signers that a contract accepts. */
  encode(signers: SignersPart): string;
}

const UINT32_MAX = 0xffff_ffff;
const uint32 = (number: number): bigint => {
  if (number > UINT32_MAX) throw fabricError("ONCHAIN_NUMBER_OUT_OF_RANGE", { number });
  return BigInt(number);
};

/**
 * The call of one form, from a statement that agrees with the signed tuple. Throws `FORMS_DISAGREE`,
 * `STATEMENT_MALFORMED`, `JSON_MALFORMED`, `ONCHAIN_NUMBER_OUT_OF_RANGE`, `BATCH_FORM_WRONG` (no listed value fits it).
 */
export const prepareBatchCall = (
  { payload, statement }: Omit<SignedBatchPayload, "signatures">,
  form: BatchForm,
): BatchCall => {
  const observation = parseObservation(statement);
  const statementDigest = digestOf(statement);
  checkBatchAgrees(observation, statementDigest, payload);
  const { round, issuedAt, validUntil, content } = decodeOnchainBatch(payload);
  const header =
    (uint32(round) << 224n) |
    (uint32(issuedAt) << 192n) |
    ((uint32(validUntil) - BigInt(issuedAt)) << 80n);
  const report = (rules: bigint): string => toBeHex(header | rules, 32);
  if (form === "root")
    return {
      encode: ({ rules, part }) =>
        concat([batchAbi.encodeFunctionData("storeRoot_lGQkD", [report(rules), content]), part]),
    };
  const members = readBatchMembers(observation);
  const { root, storedHash, packedHash } = batchContentOf(members, statementDigest);
  const digest = `0x${digestHex(statementDigest)}`;
  const blob =
    form === "stored"
      ? encodeStoredItems(storedItemsOf(members))
      : encodePackedWords(packedWordsOf(members));
  if (blob.length === 0)
    throw fabricError("BATCH_FORM_WRONG", {
      feed: observation.subject.feed,
      form,
      reason: "no value of this batch fits",
    });
  const [entry, other] =
    form === "stored"
      ? (["storeItems", packedHash] as const)
      : (["storeWords", storedHash] as const);
  return {
    encode: ({ rules, part }) =>
      concat([
        batchAbi.encodeFunctionData(entry, [report(rules), root, other, digest]),
        part,
        bytesToPrefixedHex(blob),
      ]),
  };
};

/**
 * Calldata for a batch contract's signers, `0x` hex; null when the signatures do not fit them. Throws what
 * `prepareBatchCall` throws.
 */
export const encodeBatch = (
  batch: SignedBatchPayload,
  form: BatchForm,
  set: SignerSet,
): string | null => {
  const byGroup = set.group ? encodeGroupSigners(batch.signatures, set.group) : null;
  const signers =
    byGroup ??
    encodeListSigners(
      () => preAuthEncoding(BATCH_SOLABI_TYPE, batch.payload),
      batch.signatures,
      set,
    );
  return signers && prepareBatchCall(batch, form).encode(signers);
};
