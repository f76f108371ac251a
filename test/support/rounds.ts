import { createHash } from "node:crypto";
import type { Digest, FeedId } from "../../src/core/ids.ts";
import type { RoundCommit } from "../../src/store/commit-round.ts";

/** A plausible commit of round `round`; the digest depends on feed, round and `salt`. */
export const roundCommit = (
  feed: string,
  round: number,
  change: { readonly salt?: string; readonly payload?: Uint8Array } = {},
): RoundCommit => {
  const digest =
    `sha256:${createHash("sha256").update(`${feed}:${round}:${change.salt}`).digest("hex")}` as Digest;
  return {
    round: {
      feed: feed as FeedId,
      round,
      envelopeDigest: digest,
      runId: null,
      answer: "265010000000",
      valueJson: "{}",
      observedAt: 1_700_000_000_000 + round * 1_000,
      issuedAt: 1_700_000_000_500 + round * 1_000,
      validUntil: 1_700_000_060_000 + round * 1_000,
      mode: "EMULATED",
      viewJson: `{"round":${round}}`,
    },
    bundleJson: `{"feed":"${feed}","round":${round}}`,
    evidence: null,
    outbox: {
      subject: `cryptlet.feed.${feed}`,
      messageId: `cryptlet:${feed}:${round}`,
      payload: change.payload ?? new TextEncoder().encode(`${feed}:${round}`),
    },
    run: null,
    at: 1_700_000_000_600 + round * 1_000,
  };
};
