import { Registry } from "prom-client";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type {
  ChainName,
  CryptletId,
  Digest,
  FabricId,
  FeedHash,
  FeedId,
  RunId,
} from "../../src/core/ids.ts";

import { createFabricEvents } from "../../src/host/fabric-events.ts";
import type {
  CryptletView,
  DeadLetterView,
  DeliveryDetail,
  DeliveryView,
  Fabric,
  FeedSummary,
  Health,
  Liveness,
  RoundView,
  RunView,
} from "../../src/host/fabric.ts";
import { makeRoundReceipt } from "../../src/host/round-receipt.ts";
import { createFakeSubscribers } from "./fake-subscribers.ts";
import { fixtureReceipt } from "./observation-fixture.ts";

/** A fabric in memory for tests of what stands on the `Fabric` port: API and client. */
export interface FakeFabric extends Fabric {
  /** Commit the next round of `xau-usd`. */
  commit(): RoundView;
  health: () => Promise<Health>;
  liveness: () => Liveness;
}

export const FEED = "xau-usd" as FeedId;
const CHAIN = "local" as ChainName;
const CRYPTLET = "gold-price" as CryptletId;
const HASH = `0x${"ab".repeat(32)}` as FeedHash;
export const digestOf = (round: number): Digest =>
  `sha256:${round.toString(16).padStart(64, "0")}` as Digest;

const deliveryOf = (round: number): DeliveryView => ({
  id: `${FEED}-${round}-${CHAIN}`,
  feed: FEED,
  round,
  chain: CHAIN,
  contract: `0x${"11".repeat(20)}`,
  status: "final",
  subStatus: "landed",
  transaction: `0x${"22".repeat(32)}`,
  blockNumber: round,
  error: null,
  attempts: 1,
  updatedAt: 1_700_000_000_000 + round,
});

const roundOf = (round: number): RoundView => ({
  feed: FEED,
  feedHash: HASH,
  round,
  answer: String(265_000_000_000 + round),
  value: { kind: "decimal", text: "2650.00000001", decimals: 8, unit: "USD/ozt" },
  observedAt: 1_700_000_000_000 + round,
  issuedAt: 1_700_000_000_100 + round,
  validUntil: 1_700_000_600_000 + round,
  mode: "EMULATED",
  simulated: true,
  envelopeDigest: digestOf(round),
  deliveries: [deliveryOf(round)],
});

const cryptlet: CryptletView = {
  id: CRYPTLET,
  version: "1.0.0",
  measurement: digestOf(0),
  feeds: [FEED],
  hosts: ["api.example"],
  keys: [
    {
      keyid: digestOf(1),
      suite: "ed25519",
      publicKey: "AAAA",
      pem: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
      address: null,
    },
  ],
  evidence: { simulated: true },
  simulated: true,
};

const run: RunView = {
  id: "7c9e6679-7425-40de-944b-e07fc1f90ae7" as RunId,
  feed: FEED,
  trigger: "interval:xau-usd:1",
  status: "published",
  error: null,
  startedAt: 1_700_000_000_000,
  finishedAt: 1_700_000_000_100,
  receipt: fixtureReceipt,
};

const known = (feed: FeedId): void => {
  if (feed !== FEED) throw fabricError("FEED_UNKNOWN", { feed });
};

export const createFakeFabric = (published = 0): FakeFabric => {
  const rounds: RoundView[] = [];
  const waiting = new Set<() => void>();
  const latest = new Map<string, Buffer>();
  const commit = (): RoundView => {
    const round = roundOf(rounds.length + 1);
    rounds.push(round);
    latest.set(FEED, Buffer.from(JSON.stringify(round)));
    for (const wake of waiting) wake();
    return round;
  };
  for (let count = 0; count < published; count += 1) commit();

  const summary = (): FeedSummary => ({
    id: FEED,
    hash: HASH,
    cryptlet: CRYPTLET,
    kind: "decimal",
    decimals: 8,
    unit: "USD/ozt",
    description: "Gold",
    heartbeatMs: 60_000,
    deviationPpm: 2_500,
    intervalMs: 1_000,
    bindings: [{ chain: CHAIN, contract: `0x${"11".repeat(20)}` }],
    latestRound: rounds.length,
  });
  const byDigest = (digest: Digest): RoundView => {
    const round = rounds.find(({ envelopeDigest }) => envelopeDigest === digest);
    if (!round) throw fabricError("ENVELOPE_UNKNOWN", { digest });
    return round;
  };

  const detailOf = (id: string): DeliveryDetail => {
    const found = rounds.flatMap((round) => round.deliveries).find((one) => one.id === id);
    if (!found) throw fabricError("DELIVERY_UNKNOWN", { delivery: id });
    const { status, subStatus, updatedAt: at } = found;
    const history = [{ at, status, subStatus, detail: "gas 33486" }];
    return { ...found, createdAt: at, history, advice: null };
  };
  let letter: DeadLetterView = {
    id: "ROUNDS_DEMO:deliver-local:12",
    stream: "ROUNDS_DEMO",
    consumer: "deliver-local",
    sequence: 12,
    subject: "cryptlet.demo.round.xau-usd",
    messageId: null,
    deliveries: 1,
    reason: "SIGNATURE_INVALID",
    bytes: 4,
    buriedAt: 1_700_000_000_000,
    replays: 0,
    replayedAt: null,
  };

  return {
    id: "demo" as FabricId,
    metrics: new Registry(),
    events: createFabricEvents(() => undefined),
    commit,
    health: async () => ({ ok: true, parts: { database: { ok: true, detail: "" } } }),
    liveness: () => ({ ok: true, loops: { outbox: { ok: true, idleMs: 1, limitMs: 10 } } }),
    trigger: async () => void commit(),
    stop: async () => undefined,
    feeds: {
      list: async () => [summary()],
      async get(feed) {
        known(feed);
        return summary();
      },
      latest(feed) {
        const bytes = latest.get(feed);
        if (bytes) return bytes;
        known(feed);
        throw fabricError("ROUND_UNKNOWN", { feed, round: 1 });
      },
      async round(feed, round) {
        known(feed);
        const found = rounds[round - 1];
        if (!found) throw fabricError("ROUND_UNKNOWN", { feed, round });
        return found;
      },
      async at(feed, time) {
        known(feed);
        const found = rounds.findLast(({ issuedAt }) => issuedAt <= time);
        if (found && time < found.validUntil) return found;
        throw fabricError("ROUND_NOT_VALID_AT", { feed, time: new Date(time).toISOString() });
      },
      async rounds(feed, { limit, before }) {
        known(feed);
        return rounds
          .filter(({ round }) => before === undefined || round < before)
          .toReversed()
          .slice(0, limit);
      },
      async *watch(feed, { afterRound, signal }) {
        known(feed);
        let next = afterRound ?? rounds.length;
        while (!signal.aborted) {
          const round = rounds[next];
          if (round) {
            next += 1;
            yield round;
            continue;
          }
          await new Promise<void>((resolve) => {
            const wake = () => {
              waiting.delete(wake);
              signal.removeEventListener("abort", wake);
              resolve();
            };
            waiting.add(wake);
            signal.addEventListener("abort", wake, { once: true });
          });
        }
      },
    },
    batches: {
      proof: async (batch) => {
        throw fabricError("FEED_UNKNOWN", { feed: batch });
      },
    },
    envelopes: {
      async bundle(digest) {
        return {
          mediaType: "application/vnd.cryptlet.bundle.v1+json",
          digest: byDigest(digest).envelopeDigest,
        };
      },
      async envelope(digest, form) {
        byDigest(digest);
        return {
          payloadType: form,
          payload: "AAAA",
          signatures: [{ keyid: digestOf(1), sig: "AAAA" }],
        };
      },
    },
    cryptlets: {
      list: async () => [cryptlet],
      async get(id) {
        if (id !== CRYPTLET) throw fabricError("CRYPTLET_UNKNOWN", { cryptlet: id });
        return cryptlet;
      },
    },
    attester: {
      attest: async () => {
        throw fabricError("ENCLAVE_CLOSED", {});
      },
    },
    attestation: {
      async fresh({ nonce, cryptlet: id }) {
        if (id !== null && id !== CRYPTLET) throw fabricError("CRYPTLET_UNKNOWN", { cryptlet: id });
        const { keys, measurement } = cryptlet;
        const piece = {
          cryptlet: CRYPTLET,
          measurement,
          keys,
          evidence: { type: "fake", body: nonce },
        };
        const evidence = [
          { ...piece, platformRoot: "PEM", notAfter: 1_700_000_000_000, simulated: true },
        ];
        return { evidence, omitted: 0 };
      },
    },
    quorum: { list: () => [] },
    registry: null,
    ...createFakeSubscribers(),
    runs: {
      list: async ({ feed, limit }) =>
        [run].filter((one) => feed === undefined || one.feed === feed).slice(0, limit),
      async get(id) {
        if (id !== run.id) throw fabricError("RUN_NOT_STORED", { run: id });
        return run;
      },
      async transcript(id) {
        if (id !== run.id) throw fabricError("TRANSCRIPT_NOT_KEPT", { run: id });
        return { runId: id, entries: [] };
      },
    },
    deliveries: {
      list: async ({ feed, round, chain, status, limit }) =>
        rounds
          .flatMap((one) => one.deliveries)
          .filter((delivery) => feed === undefined || delivery.feed === feed)
          .filter((delivery) => round === undefined || delivery.round === round)
          .filter((delivery) => chain === undefined || delivery.chain === chain)
          .filter((delivery) => status === undefined || delivery.status === status)
          .toReversed()
          .slice(0, limit),
      get: async (id) => detailOf(id),
      async receipt(feed, round) {
        known(feed);
        const found = rounds[round - 1];
        if (!found) throw fabricError("ROUND_UNKNOWN", { feed, round });
        const { envelopeDigest, deliveries } = found;
        return makeRoundReceipt({
          round: { feed, round, envelopeDigest },
          deliveries,
          waiting: [],
        });
      },
      async retry(id) {
        const { status } = detailOf(id);
        throw fabricError("DELIVERY_NOT_FAILED", { delivery: id, status });
      },
    },
    deadLetters: {
      list: async ({ limit, waiting: alone }) =>
        [letter].filter(({ replays }) => alone !== true || replays === 0).slice(0, limit),
      async get(id) {
        if (id !== letter.id) throw fabricError("DEAD_LETTER_UNKNOWN", { deadLetter: id });
        return letter;
      },
      async replay(id) {
        if (id !== letter.id) throw fabricError("DEAD_LETTER_UNKNOWN", { deadLetter: id });
        letter = { ...letter, replays: letter.replays + 1, replayedAt: 1_700_000_000_001 };
        return letter;
      },
    },
  };
};
