import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createSigningKey } from "../../crypto/key-record.ts";
import { signEnvelope } from "../../envelope/dsse-sign.ts";
import { OBSERVATION_SOLABI_TYPE } from "../../envelope/observation.ts";
import {
  encodeOnchainObservation,
  type OnchainObservation,
} from "../../envelope/observation-solabi.ts";
import { addressSchema, type Digest, type FeedHash } from "../../core/ids.ts";
import { startAnvil, type Anvil } from "../anvil.ts";
import { connectDemoChain, type DemoChain, type DemoFeedContracts } from "./demo-chain.ts";

const CHAIN_ID = 31_337;
const FEED = `0x${"ab".repeat(32)}` as FeedHash;
const DIGEST = `sha256:${"12".repeat(32)}` as Digest;
const key = createSigningKey("secp256k1-keccak256");
const now = Math.floor(Date.now() / 1_000);

const observation = (changes: Partial<OnchainObservation> = {}): Uint8Array =>
  encodeOnchainObservation({
    feedHash: FEED,
    round: 1,
    value: 265_010_000_000n,
    observedAt: now - 5,
    validUntil: now + 600,
    statementDigest: DIGEST,
    ...changes,
  });
const sign = (payload: Uint8Array, signer = key): Uint8Array =>
  Buffer.from(
    signEnvelope(OBSERVATION_SOLABI_TYPE, payload, [signer]).signatures[0]?.sig ?? "",
    "base64",
  );

let anvil: Anvil;
let chain: DemoChain;
let feed: DemoFeedContracts;

beforeAll(async () => {
  anvil = await startAnvil({ signal: new AbortController().signal, chainId: CHAIN_ID });
  const signal = new AbortController().signal;
  chain = connectDemoChain(anvil.url, signal);
  feed = await chain.addFeed(await chain.deploy(), {
    hash: FEED,
    workload: DIGEST,
    signer: addressSchema.parse(key.record.address),
    evidenceId: DIGEST,
    policyDigest: DIGEST,
    decimals: 8,
    description: "XAU / USD",
  });
});
afterAll(async () => {
  await anvil.stop();
});

describe("connectDemoChain", () => {
  it("takes a signed observation and reads it back through a Chainlink consumer", async () => {
    const payload = observation();
    expect(await chain.offer(feed.feedStore, payload, sign(payload))).toBeNull();
    expect(await chain.read(feed)).toEqual({
      round: 1,
      answer: 265_010_000_000n,
      decimals: 8,
      updatedAt: (now - 5) * 1_000,
    });
  });

  it("names why the contract refuses, and nothing changes", async () => {
    const next = { round: 2, observedAt: now - 4 };
    const genuine = observation(next);
    const forged = observation({ ...next, value: 1n });
    expect(await chain.offer(feed.feedStore, forged, sign(genuine))).toBe("UnknownSigner");
    const stranger = createSigningKey("secp256k1-keccak256");
    expect(await chain.offer(feed.feedStore, genuine, sign(genuine, stranger))).toBe(
      "UnknownSigner",
    );
    expect(await chain.offer(feed.feedStore, genuine, sign(genuine))).toBeNull();
    const old = observation();
    expect(await chain.offer(feed.feedStore, old, sign(old))).toBe("OldRound");
    expect((await chain.read(feed)).round).toBe(2);
  });
});
