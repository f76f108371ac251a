import { createPrivateKey, sign as nodeSign } from "node:crypto";
import { createRequire } from "node:module";
import { DataPackage, NumericDataPoint } from "@redstone-finance/protocol";
import { AbiCoder, Wallet, getBytes, solidityPackedKeccak256 } from "ethers";
import { digestOf } from "../../src/crypto/hashes.ts";
import { preAuthEncoding, serializeEnvelope } from "../../src/envelope/dsse.ts";
import { OBSERVATION_TYPE } from "../../src/envelope/observation.ts";
import { encodeObservation } from "../../src/envelope/observation-json.ts";
import {
  signJsonForm,
  signObservation,
  signOnchainForm,
} from "../../src/envelope/signed-observation.ts";
import type { BenchCase } from "../cpu-rate.ts";
import {
  SECRET,
  SECRET_HEX,
  jsonKey,
  observationOf,
  onchainKey,
  requireNative,
} from "./subject.ts";

const TEMPLATE_ID = `0x${"cd".repeat(32)}`;
const VALUE = 265_010_000_000n;

/** What airnode-feed does for one beacon: encode the value, hash the template, sign as a message, serialise. */
const signAsApi3 = (wallet: Wallet, turn: number): string => {
  const timestamp = 1_768_492_800 + turn;
  const encodedValue = AbiCoder.defaultAbiCoder().encode(["int256"], [VALUE]);
  const hash = solidityPackedKeccak256(
    ["bytes32", "uint256", "bytes"],
    [TEMPLATE_ID, timestamp, encodedValue],
  );
  const signature = wallet.signMessageSync(getBytes(hash));
  return serializeAsApi3(wallet.address, timestamp, encodedValue, signature);
};

const serializeAsApi3 = (
  airnode: string,
  timestamp: number,
  encodedValue: string,
  signature: string,
): string =>
  JSON.stringify({
    airnode,
    templateId: TEMPLATE_ID,
    timestamp: String(timestamp),
    encodedValue,
    signature,
  });

/** The part of ethers 5, which airnode-feed 3.3 runs and RedStone's package brings, that its signing takes. */
interface Ethers5 {
  readonly utils: {
    readonly SigningKey: new (secret: string) => {
      signDigest(digest: string): { r: string; s: string; v: number };
    };
    readonly defaultAbiCoder: { encode(types: string[], values: bigint[]): string };
    solidityPack(types: string[], values: (string | number)[]): string;
    keccak256(data: string): string;
    arrayify(data: string): Uint8Array;
    hashMessage(message: Uint8Array): string;
    joinSignature(signature: object): string;
    computeAddress(secret: string): string;
  };
}

/** As above on ethers 5; `signMessage` is spelled out because it is asynchronous there, which measures the event loop. */
const createApi3Signer = (): ((turn: number) => string) => {
  const require = createRequire(import.meta.url);
  const { utils } = createRequire(require.resolve("@redstone-finance/protocol"))(
    "ethers",
  ) as Ethers5;
  const key = new utils.SigningKey(SECRET_HEX);
  const airnode = utils.computeAddress(SECRET_HEX);
  return (turn) => {
    const timestamp = 1_768_492_800 + turn;
    const encodedValue = utils.defaultAbiCoder.encode(["int256"], [VALUE]);
    const template = utils.solidityPack(
      ["bytes32", "uint256", "bytes"],
      [TEMPLATE_ID, timestamp, encodedValue],
    );
    const digest = utils.hashMessage(utils.arrayify(utils.keccak256(template)));
    const signature = utils.joinSignature(key.signDigest(digest));
    return serializeAsApi3(airnode, timestamp, encodedValue, signature);
  };
};

const signAsRedStone = (turn: number): string => {
  const point = new NumericDataPoint({ dataFeedId: "XAU", value: 2650.1, decimals: 8 });
  return JSON.stringify(
    new DataPackage([point], 1_768_492_800_000 + turn, "XAU").sign(SECRET_HEX).toObj(),
  );
};

export const signCases = (): BenchCase[] => {
  const native = requireNative();
  const wallet = new Wallet(SECRET_HEX);
  const seed = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), SECRET]);
  const ed25519 = createPrivateKey({ key: seed, format: "der", type: "pkcs8" });
  const hash = new Uint8Array(32).fill(3);
  const statement = digestOf(hash);
  // The JSON form signs its whole provenance, some 3.4 KB, where other formats sign 32 bytes.
  const statementBytes = preAuthEncoding(OBSERVATION_TYPE, encodeObservation(observationOf(0)));
  return [
    {
      name: "raw libsecp256k1 sign",
      run: (turn) => {
        hash[0] = turn & 0xff;
        native.ecdsaSign(hash, SECRET);
      },
    },
    {
      name: "raw node Ed25519 sign",
      run: (turn) => {
        hash[0] = turn & 0xff;
        nodeSign(null, hash, ed25519);
      },
    },
    {
      name: "raw node Ed25519 sign, same bytes",
      run: (turn) => {
        statementBytes[200] = turn & 0xff;
        nodeSign(null, statementBytes, ed25519);
      },
    },
    {
      name: "raw, both signatures",
      run: (turn) => {
        hash[0] = turn & 0xff;
        native.ecdsaSign(hash, SECRET);
        statementBytes[200] = turn & 0xff;
        nodeSign(null, statementBytes, ed25519);
      },
    },
    {
      name: "ours, on-chain form",
      run: (turn) =>
        serializeEnvelope(signOnchainForm(observationOf(turn), statement, [onchainKey])),
    },
    {
      name: "ours, JSON form",
      run: (turn) => serializeEnvelope(signJsonForm(observationOf(turn), [jsonKey]).envelope),
    },
    {
      // Without the last look at the whole statement that `signObservation` takes.
      name: "ours, both forms",
      run: (turn) => {
        const observation = observationOf(turn);
        const json = signJsonForm(observation, [jsonKey]);
        const onchain = signOnchainForm(observation, digestOf(json.payload), [onchainKey]);
        return serializeEnvelope(json.envelope) + serializeEnvelope(onchain);
      },
    },
    {
      // `signObservation`: as the enclave signs.
      name: "ours, both forms, checked",
      run: (turn) => {
        const keys = { json: [jsonKey], onchain: [onchainKey] };
        const { envelope, onchain } = signObservation(observationOf(turn), keys);
        return serializeEnvelope(envelope) + (onchain ? serializeEnvelope(onchain) : "");
      },
    },
    { name: "API3 airnode-feed, its ethers 5", run: createApi3Signer() },
    { name: "API3's way on ethers 6", run: (turn) => signAsApi3(wallet, turn) },
    { name: "RedStone sign", run: signAsRedStone },
  ];
};
