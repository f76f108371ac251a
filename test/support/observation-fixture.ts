import { digestSchema } from "../../src/core/ids.ts";
import type { Observation } from "../../src/envelope/observation.ts";
import { observationSchema } from "../../src/envelope/observation.ts";
import { type RunReceipt, runReceiptDigest } from "../../src/envelope/run-receipt.ts";

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;

/** 2026-01-15T16:00:00Z, the time of the fixtures' observations. */
export const FIXTURE_TIME = 1_768_492_800_000;

const source = (id: string, extracted: string, at: number) => ({
  id,
  mode: "EMULATED",
  requestDigest: digest("1"),
  tls: { spkiSha256: "a".repeat(64), certificateSha256: "b".repeat(64), protocol: "TLSv1.3" },
  status: 200,
  responseDigest: digest("2"),
  extracted,
  observedAt: at,
  outlier: false,
  error: null,
});

/** A gold observation of five sources as the enclave would make it; `changes` replace top-level fields. */
export const createObservation = (
  changes: Partial<Record<keyof Observation, unknown>> = {},
  subject: Partial<Record<keyof Observation["subject"], unknown>> = {},
): Observation =>
  observationSchema.parse({
    subject: {
      fabric: "demo",
      feed: "xau-usd",
      feedHash: `0x${"ab".repeat(32)}`,
      round: 7,
      epoch: 0,
      ...subject,
    },
    cryptlet: { id: "gold-price", version: "1.0.0", measurement: digest("3") },
    value: { kind: "decimal", text: "2650.10", decimals: 8, unit: "USD/ozt" },
    observedAt: FIXTURE_TIME,
    issuedAt: FIXTURE_TIME + 1_250,
    validUntil: FIXTURE_TIME + 3_600_999,
    market: { status: "open", session: "london", nextOpen: null },
    sources: [
      source("swissquote", "2650.05", FIXTURE_TIME - 400),
      source("gold-api", "2650.10", FIXTURE_TIME),
      source("kraken", "2650.90", FIXTURE_TIME - 900),
      source("coinbase", "2649.70", FIXTURE_TIME - 100),
      source("bitfinex", "2650.60", FIXTURE_TIME - 250),
    ],
    aggregation: { method: "median", minSources: 3, used: 5, spread: "1.20" },
    run: {
      id: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
      trigger: "interval:xau-usd:1768492800",
      transcriptDigest: digest("4"),
      receiptDigest: runReceiptDigest(fixtureReceipt),
    },
    previous: { envelopeDigest: digest("5") },
    ...changes,
  });

/** Receipt of the run of `createObservation`. */
export const fixtureReceipt: RunReceipt = {
  abi: 1,
  measurement: digestSchema.parse(digest("3")),
  trigger: digestSchema.parse(digest("6")),
  journalHead: digestSchema.parse(digest("4")),
  calls: 2,
  result: digestSchema.parse(digest("7")),
  fuel: 17,
  lane: "js",
  wall: "none",
  determinism: "bit-for-bit",
  attestation: "simulated",
};

/** A record observation, which has no on-chain form. */
export const createRecordObservation = (): Observation =>
  createObservation({
    value: {
      kind: "record",
      fields: {
        rating: { type: "string", value: "BB+" },
        limit: { type: "decimal", value: "250000.00" },
        blocked: { type: "boolean", value: "false" },
      },
    },
  });
