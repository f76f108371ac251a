import { expect, test } from "vitest";
import { GOLD, signRound } from "../../test/support/stored-rounds.ts";
import type { ChainName, FeedId } from "../core/ids.ts";
import type { DeliveryView } from "./fabric.ts";
import { createLatestRounds } from "./latest-rounds.ts";

const delivery = (round: number, status: DeliveryView["status"], id = "d"): DeliveryView => ({
  id,
  feed: GOLD,
  round,
  chain: "local" as ChainName,
  contract: "0x01",
  status,
  subStatus: null,
  transaction: null,
  blockNumber: null,
  error: null,
  attempts: 1,
  updatedAt: 1,
});
const read = (bytes: Buffer): unknown => JSON.parse(bytes.toString());

test("a feed that is not configured and a feed without a round are told apart", () => {
  const latest = createLatestRounds();
  latest.register(GOLD, null);
  expect(() => latest.bytes("other" as FeedId)).toThrow(
    expect.objectContaining({ code: "FEED_UNKNOWN" }),
  );
  expect(() => latest.bytes(GOLD)).toThrow(expect.objectContaining({ code: "ROUND_UNKNOWN" }));
  expect(latest.view(GOLD)).toBeNull();
});

test("the bytes are the newest round with its deliveries as they are now", () => {
  const latest = createLatestRounds();
  latest.register(GOLD, null);
  const { view } = signRound(1);
  latest.commit(view);
  expect(read(latest.bytes(GOLD))).toEqual({ ...view, deliveries: [] });
  latest.deliver(delivery(1, "submitted"));
  latest.deliver(delivery(1, "final"));
  latest.deliver(delivery(1, "failed", "other"));
  expect(read(latest.bytes(GOLD))).toEqual({
    ...view,
    deliveries: [delivery(1, "final"), delivery(1, "failed", "other")],
  });
});

test("a late change of an older round's delivery does not touch the newest round", () => {
  const latest = createLatestRounds();
  latest.register(GOLD, { ...signRound(1).view, deliveries: [] });
  const before = latest.bytes(GOLD);
  latest.deliver(delivery(0, "final"));
  latest.deliver({ ...delivery(1, "final"), feed: "other" as FeedId });
  expect(latest.bytes(GOLD)).toBe(before);
});
