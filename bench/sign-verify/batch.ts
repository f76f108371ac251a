import { digestOf } from "../../src/crypto/hashes.ts";
import { OBSERVATION_SOLABI_TYPE } from "../../src/envelope/observation.ts";
import { signObservationBatch } from "../../src/envelope/observation-batch.ts";
import {
  encodeOnchainObservation,
  toOnchainObservation,
} from "../../src/envelope/observation-solabi.ts";
import { serializeEnvelope } from "../../src/envelope/dsse.ts";
import type { BenchCase } from "../cpu-rate.ts";
import { SECRET, observationOf, onchainKey, requireNative } from "./subject.ts";

const SIZE = 1_000;

const signBatch = (turn: number) => {
  const statement = digestOf(new Uint8Array(1));
  const leaves = Array.from({ length: SIZE }, (_, index) =>
    encodeOnchainObservation(toOnchainObservation(observationOf(turn + index), statement)),
  );
  return signObservationBatch(leaves, {
    leafType: OBSERVATION_SOLABI_TYPE,
    issuedAt: turn,
    keys: [onchainKey],
  });
};

/** Values per CPU second; ours include encoding every value as its tuple. */
export const batchCases = (): BenchCase[] => {
  const native = requireNative();
  const hash = new Uint8Array(32).fill(3);
  return [
    {
      name: "raw libsecp256k1, one signature per value",
      run: (turn) => {
        hash[0] = turn & 0xff;
        native.ecdsaSign(hash, SECRET);
      },
    },
    {
      name: "ours, batch",
      operations: SIZE,
      run: (turn) => serializeEnvelope(signBatch(turn).envelope),
    },
    {
      name: "ours, batch with every proof",
      operations: SIZE,
      run: (turn) => {
        const { tree } = signBatch(turn);
        for (let index = 0; index < SIZE; index++) tree.proof(index);
      },
    },
  ];
};
