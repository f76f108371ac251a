import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createObservation } from "../../test/support/observation-fixture.ts";
import type { Digest } from "../core/ids.ts";
import { createSigningKey } from "../crypto/key-record.ts";
import { signEnvelope } from "./dsse-sign.ts";
import { createKeyRing } from "./key-ring.ts";
import {
  MAX_BATCH_SIZE,
  OBSERVATION_BATCH_TYPE,
  signObservationBatch,
  verifyBatchedLeaf,
  verifyObservationBatch,
} from "./observation-batch.ts";
import {
  decodeOnchainObservation,
  encodeOnchainObservation,
  toOnchainObservation,
} from "./observation-solabi.ts";
import { OBSERVATION_SOLABI_TYPE } from "./observation.ts";

const key = createSigningKey("ed25519");
const ring = createKeyRing([key.record]);
const options = { leafType: OBSERVATION_SOLABI_TYPE, issuedAt: 1, keys: [key] };
const DIGEST = `sha256:${"cd".repeat(32)}` as Digest;
const leafOf = (round: number) =>
  encodeOnchainObservation(toOnchainObservation(createObservation({}, { round }), DIGEST));
const code = (expected: string) => expect.objectContaining({ code: expected });

test("one signature covers every observation of the batch", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (size, pick) => {
      const leaves = Array.from({ length: size }, (_, index) => leafOf(index + 1));
      const { envelope, tree } = signObservationBatch(leaves, options);
      const batch = verifyObservationBatch(envelope, { ring, threshold: 1 });
      const index = pick % size;
      const leaf = leaves[index] ?? new Uint8Array();
      verifyBatchedLeaf(batch, { leaf, index, proof: tree.proof(index) });
      expect(decodeOnchainObservation(leaf).round).toBe(index + 1);
      expect(() =>
        verifyBatchedLeaf(batch, { leaf: leafOf(9_999), index, proof: tree.proof(index) }),
      ).toThrow(code("INCLUSION_PROOF_WRONG"));
    }),
    { numRuns: 20 },
  );
});

test("a batch of a thousand", () => {
  const leaves = Array.from({ length: 1_000 }, (_, index) => leafOf(index + 1));
  const { envelope, tree } = signObservationBatch(leaves, options);
  const batch = verifyObservationBatch(envelope, { ring, threshold: 1 });
  for (const [index, leaf] of leaves.entries())
    verifyBatchedLeaf(batch, { leaf, index, proof: tree.proof(index) });
  expect(batch.size).toBe(1_000);
});

describe("refuses", () => {
  test("no leaves and too many", () => {
    for (const size of [0, MAX_BATCH_SIZE + 1])
      expect(() =>
        signObservationBatch(
          Array.from({ length: size }, () => new Uint8Array(1)),
          options,
        ),
      ).toThrow(code("STATEMENT_MALFORMED"));
  });

  test("a signed statement that is no batch", () => {
    const payload = new TextEncoder().encode('{"size":1}');
    const envelope = signEnvelope(OBSERVATION_BATCH_TYPE, payload, [key]);
    expect(() => verifyObservationBatch(envelope, { ring, threshold: 1 })).toThrow(
      code("STATEMENT_MALFORMED"),
    );
  });

  test("another payload type and another signer", () => {
    const { envelope } = signObservationBatch([leafOf(1)], options);
    const other = createKeyRing([createSigningKey("ed25519").record]);
    expect(() => verifyObservationBatch(envelope, { ring: other, threshold: 1 })).toThrow(
      code("SIGNER_NOT_TRUSTED"),
    );
    const observation = signEnvelope(OBSERVATION_SOLABI_TYPE, leafOf(1), [key]);
    expect(() => verifyObservationBatch(observation, { ring, threshold: 1 })).toThrow(
      code("PAYLOAD_TYPE_UNEXPECTED"),
    );
  });
});
