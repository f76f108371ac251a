import {
  createPublicKey,
  sign as nodeSign,
  createPrivateKey,
  verify as nodeVerify,
} from "node:crypto";
import { DataPackage, NumericDataPoint, SignedDataPackage } from "@redstone-finance/protocol";
import { Wallet, getBytes, solidityPackedKeccak256, verifyMessage } from "ethers";
import { digestOf } from "../../src/crypto/hashes.ts";
import { decodeOnchainObservation } from "../../src/envelope/observation-solabi.ts";
import { parseEnvelope, preAuthEncoding, serializeEnvelope } from "../../src/envelope/dsse.ts";
import { verifyEnvelope } from "../../src/envelope/dsse-verify.ts";
import { createKeyRing } from "../../src/envelope/key-ring.ts";
import { OBSERVATION_SOLABI_TYPE, OBSERVATION_TYPE } from "../../src/envelope/observation.ts";
import { encodeObservation, parseObservation } from "../../src/envelope/observation-json.ts";
import { signJsonForm, signOnchainForm } from "../../src/envelope/signed-observation.ts";
import type { BenchCase } from "../cpu-rate.ts";
import {
  SECRET,
  SECRET_HEX,
  jsonKey,
  observationOf,
  onchainKey,
  requireNative,
} from "./subject.ts";

/** Different texts, used in turn. */
const VARIANTS = 64;
const variants = (make: (turn: number) => string): string[] =>
  Array.from({ length: VARIANTS }, (_, turn) => make(turn));
const textOf = (texts: readonly string[], turn: number): string => texts[turn % VARIANTS] ?? "";

const rawCases = (): BenchCase[] => {
  const native = requireNative();
  const hash = new Uint8Array(32).fill(3);
  const { signature, recid } = native.ecdsaSign(hash, SECRET);
  const seed = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), SECRET]);
  const secret = createPrivateKey({ key: seed, format: "der", type: "pkcs8" });
  const edSignature = nodeSign(null, hash, secret);
  const edKey = createPublicKey(secret);
  const statementBytes = preAuthEncoding(OBSERVATION_TYPE, encodeObservation(observationOf(0)));
  const statementSignature = nodeSign(null, statementBytes, secret);
  return [
    {
      name: "raw libsecp256k1 recover",
      run: () => {
        native.ecdsaRecover(signature, recid, hash, false);
      },
    },
    {
      name: "raw node Ed25519 verify",
      run: () => {
        nodeVerify(null, hash, edKey, edSignature);
      },
    },
    {
      name: "raw node Ed25519 verify, same bytes",
      run: () => {
        nodeVerify(null, statementBytes, edKey, statementSignature);
      },
    },
  ];
};

const ourCases = (): BenchCase[] => {
  const ring = createKeyRing([jsonKey.record, onchainKey.record]);
  const statement = digestOf(new Uint8Array(1));
  const tuples = variants((turn) =>
    serializeEnvelope(signOnchainForm(observationOf(turn), statement, [onchainKey])),
  );
  const documents = variants((turn) =>
    serializeEnvelope(signJsonForm(observationOf(turn), [jsonKey]).envelope),
  );
  return [
    {
      name: "ours, on-chain form",
      run: (turn) => {
        const options = { ring, threshold: 1, payloadType: OBSERVATION_SOLABI_TYPE };
        decodeOnchainObservation(
          verifyEnvelope(parseEnvelope(textOf(tuples, turn)), options).payload,
        );
      },
    },
    {
      name: "ours, JSON form",
      run: (turn) => {
        const options = { ring, threshold: 1, payloadType: OBSERVATION_TYPE };
        parseObservation(verifyEnvelope(parseEnvelope(textOf(documents, turn)), options).payload);
      },
    },
  ];
};

const peerCases = (): BenchCase[] => {
  const point = new NumericDataPoint({ dataFeedId: "XAU", value: 2650.1, decimals: 8 });
  const packages = variants((turn) =>
    JSON.stringify(
      new DataPackage([point], 1_768_492_800_000 + turn, "XAU").sign(SECRET_HEX).toObj(),
    ),
  );
  const { address } = new Wallet(SECRET_HEX);
  const template = `0x${"cd".repeat(32)}`;
  const message = getBytes(
    solidityPackedKeccak256(["bytes32", "uint256", "bytes"], [template, 1, "0x01"]),
  );
  const signature = new Wallet(SECRET_HEX).signMessageSync(message);
  return [
    {
      name: "RedStone verify",
      run: (turn) => {
        const plain = JSON.parse(textOf(packages, turn)) as Parameters<
          typeof SignedDataPackage.fromObj
        >[0];
        if (SignedDataPackage.fromObj(plain).recoverSignerAddress() !== address)
          throw new Error("RedStone recovered another signer");
      },
    },
    {
      name: "API3 verifyMessage",
      run: () => {
        if (verifyMessage(message, signature) !== address) throw new Error("another signer");
      },
    },
  ];
};

export const verifyCases = (): BenchCase[] => [...rawCases(), ...ourCases(), ...peerCases()];
