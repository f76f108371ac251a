import { createHmac } from "node:crypto";
import { sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "../../../src/crypto/bytes.ts";
import { keccak256, sha256Hex } from "../../../src/crypto/hashes.ts";
import type { Json, PureCall } from "../../../src/sdk/abi.ts";
import { loadSignatures } from "./load-signatures.ts";
import { bytesOfHex, formOfBytes } from "./pure-bytes.ts";

/** One pure function: bytes and named texts in, JSON out. */
export interface PureFunction {
  /** Names of its texts besides the bytes. */
  readonly fields: readonly string[];
  /** What a call costs besides its length. */
  readonly ticks: number;
  /** Throws `HOST_CALL_INVALID`. */
  readonly perform: (bytes: Uint8Array, texts: Readonly<Record<string, string>>) => Json;
}

/** A signature check without the native library takes about 1.5 ms. */
const SIGNATURE_TICKS = 10;

const hash = (digest: (bytes: Uint8Array) => string): PureFunction => ({
  fields: [],
  ticks: 1,
  perform: digest,
});

const rows: Readonly<Record<PureCall["op"], PureFunction>> = {
  "pure.sha256": hash(sha256Hex),
  "pure.sha512": hash((bytes) => bytesToHex(sha512(bytes))),
  "pure.keccak256": hash((bytes) => bytesToHex(keccak256(bytes))),
  "pure.hmac-sha256": {
    fields: ["key"],
    ticks: 1,
    perform: (bytes, { key = "" }) =>
      createHmac("sha256", bytesOfHex(key, "key")).update(bytes).digest("hex"),
  },
  "pure.verify": {
    fields: ["suite", "publicKey", "signature"],
    ticks: SIGNATURE_TICKS,
    perform: (message, { suite = "", publicKey = "", signature = "" }) =>
      loadSignatures().verify(suite, {
        publicKey: bytesOfHex(publicKey, "publicKey"),
        signature: bytesOfHex(signature, "signature"),
        message,
      }),
  },
  "pure.recover": {
    fields: ["signature"],
    ticks: SIGNATURE_TICKS,
    perform: (message, { signature = "" }) =>
      loadSignatures().recover(bytesOfHex(signature, "signature"), message),
  },
  "pure.encode": {
    fields: ["to"],
    ticks: 1,
    perform: (bytes, { to = "" }) => formOfBytes(bytes, to),
  },
};

/** Every pure function by op. A new one is a row here and in `PureCall`. */
export const PURE_FUNCTIONS: ReadonlyMap<string, PureFunction> = new Map(Object.entries(rows));
