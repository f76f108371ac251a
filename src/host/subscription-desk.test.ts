import { describe, expect, it } from "vitest";
import { GOLD, openSubscriberStage, SILVER } from "../../test/support/subscriber-stage.ts";

describe("smoke", () => {
  it("subscribes", async () => {
    const stage = await openSubscriberStage();
    const sub = await stage.client.subscribe({ name: "a", feeds: [GOLD, SILVER] });
    await stage.commit(GOLD);
    await stage.commit(SILVER);
    const seen: string[] = [];
    for await (const event of sub) {
      seen.push(`${event.round.feed}:${event.round.round}`);
      await event.ack();
      if (seen.length === 2) break;
    }
    expect(seen).toEqual(["xau-usd:1", "xag-usd:1"]);
    const answered = await stage.client.request(GOLD, { idempotencyKey: "k" });
    expect(answered).toMatchObject({ made: true, round: { round: 2 } });
    const again = await stage.client.request(GOLD, { idempotencyKey: "k" });
    expect(again).toEqual(answered);
    expect(await stage.client.feeds.at(GOLD, 1_700_000_001_500)).toMatchObject({ round: 1 });
    const stop = new AbortController();
    const watched: number[] = [];
    for await (const round of stage.client.feeds.watch(GOLD, {
      afterRound: 0,
      signal: stop.signal,
    })) {
      watched.push(round.round);
      if (watched.length === 2) stop.abort();
    }
    expect(watched).toEqual([1, 2]);
  });
});
