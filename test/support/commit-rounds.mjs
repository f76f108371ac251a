// Child of store-kill.test.ts: commits rounds as fast as it can and says so on stdout after each commit.
import { writeSync } from "node:fs";
import { commitRound } from "../../dist/src/store/commit-round.js";
import { insertDeliveries } from "../../dist/src/store/deliveries.js";
import { latestRound } from "../../dist/src/store/rounds.js";
import { openStore } from "../../dist/src/store/open-store.js";

const [, , file, ...feeds] = process.argv;
const store = await openStore({ driver: "libsql", file });
const commitOf = (feed, round) => ({
  round: {
    feed,
    round,
    envelopeDigest: `sha256:${feed}:${round}`,
    runId: null,
    answer: "1",
    valueJson: "{}",
    observedAt: round,
    issuedAt: round,
    validUntil: round,
    mode: "EMULATED",
    viewJson: "x".repeat(2_000),
  },
  bundleJson: "y".repeat(6_000),
  outbox: {
    subject: `cryptlet.feed.${feed}`,
    messageId: `cryptlet:${feed}:${round}`,
    payload: new Uint8Array(1_000),
  },
  run: null,
  at: round,
});
const follow = async (feed) => {
  let round = (await latestRound(store.db, feed))?.round ?? 0;
  for (;;) {
    round += 1;
    const next = round;
    const commit = commitOf(feed, next);
    await store.transaction(async (trx) => {
      await commitRound(trx, commit);
      await insertDeliveries(trx, commit.round, [{ chain: "local", contract: "0x01" }], commit.at);
    });
    // Synchronous: an acknowledgement that was written is one that somebody may have acted on.
    writeSync(1, `${feed} ${next}\n`);
  }
};
await Promise.all(feeds.map(follow));
