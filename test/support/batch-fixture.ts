import { createSigningKey, type SigningKey } from "../../src/crypto/key-record.ts";
import { hexToBytes } from "../../src/crypto/bytes.ts";
import type { SignedBatchPayload } from "../../src/adapters/evm/encode-batch.ts";
import {
  cryptletIdSchema,
  digestHex,
  digestSchema,
  fabricIdSchema,
  feedIdSchema,
  runIdSchema,
  type FeedHash,
} from "../../src/core/ids.ts";
import {
  computeBatchHash,
  toBatchValue,
  type BatchMember,
} from "../../src/envelope/batch-members.ts";
import type { BatchProof } from "../../src/envelope/batch-proof.ts";
import { decodeBase64 } from "../../src/crypto/base64.ts";
import { payloadBytes } from "../../src/envelope/dsse.ts";
import type { Observation } from "../../src/envelope/observation.ts";
import type { OnchainObservation } from "../../src/envelope/observation-solabi.ts";
import { signBatch } from "../../src/envelope/sign-batch.ts";
import { namedHash, namedSecret } from "./feed-fixture.ts";

/** Digest with a name of its own. */
export const namedDigest = (name: string) =>
  digestSchema.parse(`sha256:${namedSecret(name).slice(2)}`);

export const FABRIC = fabricIdSchema.parse("test");
export const CRYPTLET = cryptletIdSchema.parse("gold-price");
export const BATCH = feedIdSchema.parse("all");

/** Names of the members' feeds. */
export const memberFeed = (place: number) => feedIdSchema.parse(`feed-${place}`);
export const memberHash = (place: number): FeedHash => namedHash(`member ${place}`);

/** A member's observation as an enclave would have signed it. */
export const observe = (
  place: number,
  change: Partial<OnchainObservation> & Pick<OnchainObservation, "round" | "observedAt">,
): OnchainObservation => ({
  feedHash: memberHash(place),
  value: 265_010_000_000n + BigInt(place) * 17_000_001n + BigInt(change.round) * 1_234_567n,
  validUntil: change.observedAt + 3_600,
  statementDigest: namedDigest(`statement ${place} ${change.round}`),
  ...change,
});

/** Members of a batch; those without an observation are named only. */
export const batchMembers = (
  observations: readonly (OnchainObservation | null)[],
  isListed: (place: number) => boolean = () => true,
): readonly BatchMember[] =>
  observations.map((observation, place) => ({
    feed: memberFeed(place),
    feedHash: memberHash(place),
    observation,
    listed: observation !== null && isListed(place),
  }));

export const batchHashOf = (size: number): FeedHash =>
  computeBatchHash({
    fabric: FABRIC,
    cryptlet: CRYPTLET,
    feed: BATCH,
    members: Array.from({ length: size }, (_, place) => memberHash(place)),
  });

const MS = 1_000;

/** The statement of a batch, as an enclave builds it. */
export const batchStatement = (
  members: readonly BatchMember[],
  facts: { readonly round: number; readonly issuedAt: number; readonly validUntil?: number },
): Observation => {
  const listed = members.flatMap(({ listed: isListed, observation }) =>
    isListed && observation ? [observation] : [],
  );
  const observedAt = MS * Math.max(0, ...listed.map((item) => item.observedAt));
  const items = namedDigest(`items ${facts.round} ${facts.issuedAt}`);
  return {
    subject: {
      fabric: FABRIC,
      feed: BATCH,
      feedHash: batchHashOf(members.length),
      round: facts.round,
      epoch: 1,
    },
    cryptlet: { id: CRYPTLET, version: "1.0.0", measurement: namedDigest("measurement") },
    value: toBatchValue(members),
    observedAt,
    issuedAt: facts.issuedAt * MS,
    validUntil: MS * (facts.validUntil ?? Math.min(...listed.map((item) => item.validUntil))),
    market: { status: "unknown", session: null, nextOpen: null },
    sources: [
      {
        id: "observations",
        mode: "EMULATED",
        requestDigest: null,
        tls: null,
        status: null,
        responseDigest: items,
        extracted: String(listed.length),
        observedAt,
        outlier: false,
        error: null,
      },
    ],
    aggregation: { method: "batch", minSources: 1, used: 1, spread: "0" },
    run: {
      id: runIdSchema.parse("00000000-0000-4000-8000-000000000001"),
      trigger: "test",
      transcriptDigest: items,
      receiptDigest: items,
    },
    previous: facts.round === 1 ? null : { envelopeDigest: namedDigest("previous") },
  };
};

const jsonKey = createSigningKey("ed25519", hexToBytes(namedSecret("json key")));

/** A batch signed by these keys, as its delivery holds it. */
export const signTestBatch = (
  observation: Observation,
  keys: readonly SigningKey[],
): SignedBatchPayload & { readonly bundle: ReturnType<typeof signBatch> } => {
  const bundle = signBatch(observation, { json: [jsonKey], onchain: keys });
  const onchain = bundle.onchain ?? bundle.envelope;
  return {
    bundle,
    payload: payloadBytes(onchain),
    signatures: onchain.signatures.map(({ sig }) => decodeBase64(sig)),
    statement: payloadBytes(bundle.envelope),
  };
};

/** A proof as `read` and `verify` of a batch contract take it. */
export const proofArguments = (proof: BatchProof): readonly unknown[] => [
  proof.feedHash,
  [
    proof.round,
    proof.issuedAt,
    proof.validUntil,
    proof.root,
    proof.storedHash,
    proof.packedHash,
    `0x${digestHex(proof.statementDigest)}`,
  ],
  [proof.place, proof.leaf, proof.path],
];
