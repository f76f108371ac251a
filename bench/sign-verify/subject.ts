import { createSigningKey } from "../../src/crypto/key-record.ts";
import { observationSchema, type Observation } from "../../src/envelope/observation.ts";
import {
  nativeSecp256k1,
  type NativeSecp256k1,
} from "../../src/crypto/drivers/native-secp256k1.ts";

const AT = 1_768_492_800_000;
const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;

const source = (id: string) => ({
  id,
  mode: "LIVE",
  requestDigest: digest("1"),
  tls: { spkiSha256: "a".repeat(64), certificateSha256: "b".repeat(64), protocol: "TLSv1.3" },
  status: 200,
  responseDigest: digest("2"),
  extracted: "2650.10",
  observedAt: AT,
  outlier: false,
  error: null,
});

const template = observationSchema.parse({
  subject: {
    fabric: "demo",
    feed: "xau-usd",
    feedHash: `0x${"ab".repeat(32)}`,
    round: 1,
    epoch: 0,
  },
  cryptlet: { id: "gold-price", version: "1.0.0", measurement: digest("3") },
  value: { kind: "decimal", text: "2650.10000000", decimals: 8, unit: "USD/ozt" },
  observedAt: AT,
  issuedAt: AT + 1_250,
  validUntil: AT + 3_600_000,
  market: { status: "open", session: "london", nextOpen: null },
  sources: ["swissquote", "gold-api", "kraken", "coinbase", "bitfinex"].map(source),
  aggregation: { method: "median", minSources: 3, used: 5, spread: "1.20" },
  run: {
    id: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    trigger: "interval:xau-usd:1768492800",
    transcriptDigest: digest("4"),
    receiptDigest: digest("6"),
  },
  previous: { envelopeDigest: digest("5") },
});

/** Another fact on every turn, so that nothing can be cached. */
export const observationOf = (turn: number): Observation => ({
  ...template,
  subject: { ...template.subject, round: 2 + (turn % 1_000_000) },
  observedAt: AT + turn,
});

export const SECRET = new Uint8Array(32).fill(7);
export const SECRET_HEX = `0x${"07".repeat(32)}`;
export const jsonKey = createSigningKey("ed25519", SECRET);
export const onchainKey = createSigningKey("secp256k1-keccak256", SECRET);

/** The raw rates are those of the native binding: without it there is nothing to compare with. */
export const requireNative = (): NativeSecp256k1 => {
  if (nativeSecp256k1) return nativeSecp256k1;
  throw new Error("the optional package secp256k1 has no binary on this machine");
};
