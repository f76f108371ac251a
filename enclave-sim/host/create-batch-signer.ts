import { randomBytes } from "node:crypto";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { Digest, FabricId, FeedHash } from "../../src/core/ids.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import {
  BATCH_METHOD,
  type BatchMember,
  readBatchMembers,
  toBatchValue,
} from "../../src/envelope/batch-members.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import { verifyEnvelope } from "../../src/envelope/dsse-verify.ts";
import { createKeyRing, type KeyRing } from "../../src/envelope/key-ring.ts";
import {
  OBSERVATION_SOLABI_TYPE,
  OBSERVATION_TYPE,
  type Observation,
} from "../../src/envelope/observation.ts";
import { parseObservation } from "../../src/envelope/observation-json.ts";
import { decodeOnchainObservation } from "../../src/envelope/observation-solabi.ts";
import { signBatch } from "../../src/envelope/sign-batch.ts";
import { checkFormsAgree, sourceModeOf } from "../../src/envelope/statement-checks.ts";
import type { Manifest } from "../../src/sdk/manifest.ts";
import {
  type BatchItem,
  type BatchRequest,
  noteBatchRequest,
  type ServedBatch,
} from "./batch-request.ts";
import type { ServedFeed, SignedObservation } from "./enclave.ts";
import type { RoundBook, RoundEntry } from "./round-book.ts";
import type { Keyset } from "./sealed-keys.ts";

/** What batches of one Cryptlet are signed with. */
export interface BatchSignerParts {
  readonly fabric: FabricId;
  readonly manifest: Manifest;
  readonly measurement: Digest;
  readonly feeds: readonly ServedFeed[];
  readonly batches: readonly ServedBatch[];
  readonly keys: Keyset;
  readonly rounds: RoundBook;
  /** What was signed before this enclave was there. */
  readonly before: readonly RoundEntry[];
  /** ms since epoch. */
  readonly now: () => number;
}

/** A member with what the enclave knows of its observation besides the on-chain form. */
interface CheckedMember extends BatchMember {
  readonly mode: "LIVE" | "EMULATED" | null;
  /** ms since epoch; null without an observation. */
  readonly observedAt: number | null;
  readonly validUntil: number | null;
}

type ItemFacts = Omit<CheckedMember, "feed" | "feedHash" | "listed">;
type Refuse = (reason: string) => never;

const SECOND = 1_000;
const SALT_BYTES = 32;
const drawSalt = (): Uint8Array => randomBytes(SALT_BYTES);
const encoder = new TextEncoder();

/** Own signatures on both forms, both forms one fact, and of this member: only then it is an item. */
const checkItem = (
  item: BatchItem,
  member: { readonly feed: ServedFeed; readonly fabric: FabricId; readonly ring: KeyRing },
  refuse: Refuse,
): ItemFacts => {
  const { feed, fabric, ring } = member;
  const held = <Result>(check: () => Result): Result => {
    try {
      return check();
    } catch {
      return refuse(`the round of ${feed.feed} is not one that this enclave's keys signed`);
    }
  };
  const json = held(() =>
    verifyEnvelope(item.envelope, { ring, threshold: 1, payloadType: OBSERVATION_TYPE }),
  );
  const onchain = held(() =>
    verifyEnvelope(item.onchain, { ring, threshold: 1, payloadType: OBSERVATION_SOLABI_TYPE }),
  );
  return held(() => {
    const statement = parseObservation(json.payload);
    const observation = decodeOnchainObservation(onchain.payload);
    checkFormsAgree(statement, digestOf(json.payload), observation);
    if (observation.feedHash !== feed.feedHash) refuse(`a round of another feed at ${feed.feed}`);
    if (statement.subject.fabric !== fabric) refuse(`${feed.feed} is of another fabric`);
    const { observedAt, validUntil } = statement;
    return { observation, mode: sourceModeOf(statement), observedAt, validUntil };
  });
};

/**
 * Signs batches: for each member the newest observation that the host shows, as far as this enclave's own keys signed
 * it. It never signs a root that it did not compute. Throws `FEED_NOT_SERVED`, `BATCH_REFUSED`, `BATCH_EMPTY`,
 * `ROUND_EQUIVOCATION`, `SOURCE_MODES_MIXED`.
 */
export const createBatchSigner = (
  parts: BatchSignerParts,
): ((request: BatchRequest) => SignedObservation) => {
  const { fabric, manifest, measurement, rounds } = parts;
  const feeds = new Map(parts.feeds.map((feed) => [feed.feed, feed]));
  /** Newest round of each member in the last batch: an older one never comes back. */
  const newest = new Map<FeedHash, number>();
  let issued = 0;
  const note = ({ observation }: SignedObservation): void => {
    issued = Math.max(issued, Math.floor(observation.issuedAt / SECOND));
    for (const { feedHash, observation: item } of readBatchMembers(observation))
      if (item) newest.set(feedHash, Math.max(item.round, newest.get(feedHash) ?? 0));
  };
  for (const { request, signed } of parts.before)
    if (parts.batches.some(({ feed }) => feed === request.feed)) note(signed);

  /** What was verified of a member last: most members are the same from batch to batch. */
  const verified = new Map<FeedHash, { readonly item: string; readonly facts: ItemFacts }>();
  const check = (item: BatchItem, feed: ServedFeed, ring: KeyRing, refuse: Refuse): ItemFacts => {
    const text = JSON.stringify([item.envelope, item.onchain]);
    const known = verified.get(feed.feedHash);
    if (known?.item === text) return known.facts;
    const facts = checkItem(item, { feed, fabric, ring }, refuse);
    verified.set(feed.feedHash, { item: text, facts });
    return facts;
  };

  const checkMembers = (served: ServedBatch, request: BatchRequest, refuse: Refuse) => {
    if (request.items.length !== served.members.length)
      return refuse(`${request.items.length} items for ${served.members.length} members`);
    // Read anew each time: keys are rotated while a Cryptlet is loaded.
    const ring = createKeyRing([parts.keys.ed25519.record, parts.keys.secp256k1.record]);
    return served.members.map((name, place): CheckedMember => {
      const feed = feeds.get(name);
      if (!feed) return refuse(`${name} is not served`);
      const { feedHash } = feed;
      const item = request.items[place] ?? null;
      const nothing = { observation: null, mode: null, observedAt: null, validUntil: null };
      if (item === null) return { feed: name, feedHash, listed: false, ...nothing };
      const checked = check(item, feed, ring, refuse);
      const last = newest.get(feedHash) ?? 0;
      if ((checked.observation?.round ?? 0) < last)
        return refuse(`round ${last} of ${name} was in a batch already`);
      return { feed: name, feedHash, listed: item.listed, ...checked };
    });
  };

  /** Strictly later in seconds than the batch before: contracts order batches by it. */
  const issueAt = (): number => {
    const now = parts.now();
    return Math.floor(now / SECOND) > issued ? now : (issued + 1) * SECOND;
  };

  const build = (
    served: ServedBatch,
    { sign, trigger }: BatchRequest,
    [members, items]: readonly [readonly CheckedMember[], Digest],
  ): Observation => {
    const issuedAt = issueAt();
    // What has run out stays under the root, where a reader sees its time, and is not written out any more.
    const fresh = members.map((member) => ({
      ...member,
      listed: member.listed && (member.validUntil ?? 0) >= issuedAt + SECOND,
    }));
    const listed = fresh.filter((member) => member.listed);
    const times = listed.flatMap(({ observedAt }) => observedAt ?? []);
    if (times.length === 0) throw fabricError("BATCH_EMPTY", { batch: served.feed });
    const modes = new Set(members.flatMap(({ mode }) => mode ?? []));
    if (modes.size > 1) throw fabricError("SOURCE_MODES_MIXED", {});
    const observedAt = Math.max(...times);
    return {
      subject: {
        fabric,
        feed: served.feed,
        feedHash: served.batchHash,
        round: sign.round,
        epoch: sign.epoch,
      },
      cryptlet: { id: manifest.id, version: manifest.version, measurement },
      value: toBatchValue(fresh),
      observedAt,
      issuedAt,
      validUntil: Math.min(...listed.flatMap(({ validUntil }) => validUntil ?? [])),
      market: { status: "unknown", session: null, nextOpen: null },
      // The batch's one source is this enclave's own observations, whose sources stand in their own statements.
      sources: [
        {
          id: "observations",
          mode: [...modes][0] ?? null,
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
      aggregation: { method: BATCH_METHOD, minSources: 1, used: 1, spread: "0" },
      // Nothing ran, and there is no receipt. What stands in its place is drawn here, after everything that a host could
      // choose: a contract keeps 112 bits of what is signed, and nobody may prepare two batches that share them.
      run: {
        id: sign.runId,
        trigger,
        transcriptDigest: items,
        receiptDigest: digestOf(drawSalt()),
      },
      previous: sign.previous === null ? null : { envelopeDigest: sign.previous },
    };
  };

  return (request) => {
    const served = parts.batches.find(({ feed }) => feed === request.sign.feed);
    if (!served) throw fabricError("FEED_NOT_SERVED", { feed: request.sign.feed });
    const refuse: Refuse = (reason) => {
      throw fabricError("BATCH_REFUSED", { batch: served.feed, reason });
    };
    const parcel = request.items.map(
      (item) => item && [item.envelope.payload, item.onchain.payload, item.listed],
    );
    const items = digestOf(encoder.encode(canonicalJson(parcel)));
    const noted = noteBatchRequest(request, items);
    const again = rounds.check(noted);
    if (again) return again;
    const members = checkMembers(served, request, refuse);
    const observation = build(served, request, [members, items]);
    const signed = signBatch(observation, {
      json: [parts.keys.ed25519],
      onchain: [parts.keys.secp256k1],
    });
    const result = { ...signed, observation };
    note(result);
    rounds.enter(noted, result);
    return result;
  };
};
