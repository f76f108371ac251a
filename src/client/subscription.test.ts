import { describe, expect, it } from "vitest";
import { GOLD, openSubscriberStage, SILVER } from "../../test/support/subscriber-stage.ts";
import { createFabricClient } from "./fabric-client.ts";
import type { RoundEvent, Subscription } from "./subscription.ts";

const take = async (subscription: Subscription, count: number): Promise<RoundEvent[]> => {
  const events: RoundEvent[] = [];
  const source = subscription[Symbol.asyncIterator]();
  while (events.length < count) {
    const next = await source.next();
    if (next.done === true) break;
    events.push(next.value);
  }
  return events;
};
const rounds = (events: readonly RoundEvent[]) => events.map(({ round }) => round.round);

describe("subscribe", () => {
  it("hands out rounds as they come and goes on where it was acknowledged", async () => {
    const { client, commit } = await openSubscriberStage();
    const first = await client.subscribe({ name: "s", feeds: [GOLD, SILVER] });
    await commit(GOLD);
    await commit(SILVER);
    const got = await take(first, 2);
    expect(got.map(({ round }) => round.feed)).toEqual([GOLD, SILVER]);
    await got[0]?.ack();
    const later = take(first, 1);
    await commit(GOLD);
    expect(rounds(await later)).toEqual([2]);
    await first.close();

    const second = await client.subscribe({ name: "s", feeds: [GOLD, SILVER] });
    expect((await take(second, 2)).map(({ round }) => round.feed)).toEqual([SILVER, GOLD]);
    await second.close();
    expect(await client.subscriptions.list()).toMatchObject([
      { name: "s", waiting: 2, consumer: null },
    ]);
  });

  it("gives it back when the loop is left, however it is left", async () => {
    const { client, commit } = await openSubscriberStage();
    await commit(GOLD);
    const options = { name: "s", feeds: [GOLD], from: "beginning" } as const;
    for await (const event of await client.subscribe(options)) {
      expect(event.round.round).toBe(1);
      break;
    }
    await expect(
      (async () => {
        for await (const event of await client.subscribe(options))
          throw new Error(`round ${event.round.round}`);
      })(),
    ).rejects.toThrow("round 1");
    const stop = new AbortController();
    const seen: number[] = [];
    for await (const event of await client.subscribe({ ...options, signal: stop.signal })) {
      seen.push(event.round.round);
      stop.abort();
    }
    expect(seen).toEqual([1]);
    expect((await client.subscriptions.get("s")).consumer).toBeNull();
  });

  it("has no more in hand than its window, and fails when nobody acknowledges", async () => {
    const { client, commit } = await openSubscriberStage();
    for (let count = 0; count < 5; count += 1) await commit(GOLD);
    const subscription = await client.subscribe({
      name: "s",
      feeds: [GOLD],
      from: "beginning",
      window: 2,
      ackTimeoutMs: 50,
    });
    const seen: number[] = [];
    await expect(
      (async () => {
        for await (const event of subscription) seen.push(event.round.round);
      })(),
    ).rejects.toMatchObject({ code: "SUBSCRIPTION_NOT_ACKNOWLEDGED", arguments: { count: 2 } });
    expect(seen).toEqual([1, 2]);
  });

  it("goes on as soon as one of the window is acknowledged, also from elsewhere", async () => {
    const { client, commit } = await openSubscriberStage();
    for (let count = 0; count < 5; count += 1) await commit(GOLD);
    const subscription = await client.subscribe({
      name: "s",
      feeds: [GOLD],
      from: "beginning",
      window: 2,
    });
    const [first] = await take(subscription, 2);
    const third = take(subscription, 1);
    await first?.ack();
    expect(rounds(await third)).toEqual([3]);
    await subscription.close();
  });

  it("begins again at the cursor when its session is lost", async () => {
    const { client, commit, fabric } = await openSubscriberStage();
    await commit(GOLD);
    const subscription = await client.subscribe({ name: "s", feeds: [GOLD], from: "beginning" });
    expect(rounds(await take(subscription, 1))).toEqual([1]);
    await fabric.subscriptions.seek("s", { kind: "beginning" });
    await commit(GOLD);
    expect(rounds(await take(subscription, 2))).toEqual([1, 2]);
    await subscription.close();
  });

  it("lets nothing of a lost session be acknowledged under the next: what was put back comes again", async () => {
    const { client, commit, fabric } = await openSubscriberStage();
    for (let count = 0; count < 3; count += 1) await commit(GOLD);
    const subscription = await client.subscribe({ name: "s", feeds: [GOLD], from: "beginning" });
    const old = await take(subscription, 3);
    await fabric.subscriptions.seek("s", { kind: "beginning" });
    const again = await take(subscription, 1);
    expect(rounds(again)).toEqual([1]);
    await expect(old[2]?.ack()).rejects.toMatchObject({ code: "SUBSCRIPTION_LOST" });
    expect((await client.subscriptions.get("s")).waiting).toBe(3);
    await again[0]?.ack();
    expect((await client.subscriptions.get("s")).waiting).toBe(2);
    await subscription.close();
  });

  it("refuses a second consumer, or lets it wait for the first", async () => {
    const { client, commit } = await openSubscriberStage();
    const options = { name: "s", feeds: [GOLD] };
    const first = await client.subscribe({ ...options, consumer: "one" });
    await expect(client.subscribe({ ...options, consumer: "two" })).rejects.toMatchObject({
      code: "SUBSCRIPTION_TAKEN",
      arguments: { consumer: "one" },
    });
    const second = client.subscribe({ ...options, consumer: "two", wait: true });
    await first.close();
    await commit(GOLD);
    const subscription = await second;
    expect(rounds(await take(subscription, 1))).toEqual([1]);
    await subscription.close();
    const impatient = new AbortController();
    const holder = await client.subscribe({ ...options, consumer: "one" });
    const reason = new Error("enough");
    const third = client.subscribe({ ...options, wait: true, signal: impatient.signal });
    impatient.abort(reason);
    await expect(third).rejects.toBe(reason);
    await holder.close();
  });

  it("goes on over a host that is away, and keeps what it had in hand", async () => {
    const { client, commit, fabric } = await openSubscriberStage();
    const { createEmbeddedApi } = await import("../api/create-embedded-api.ts");
    const embedded = createEmbeddedApi({ fabric });
    let isAway = false;
    let refused = 0;
    const flaky = createFabricClient({
      embedded: {
        fetch: async (...call) => {
          if (!isAway) return await embedded.fetch(...call);
          refused += 1;
          if (refused === 2) isAway = false;
          throw new TypeError("fetch failed");
        },
      },
    });
    await commit(GOLD);
    const subscription = await flaky.subscribe({ name: "s", feeds: [GOLD], from: "beginning" });
    const [first] = await take(subscription, 1);
    isAway = true;
    const second = take(subscription, 1);
    await commit(GOLD);
    expect(rounds(await second)).toEqual([2]);
    expect(refused).toBe(2);
    await first?.ack();
    await subscription.close();
    expect(await client.subscriptions.get("s")).toMatchObject({ waiting: 1 });
    await embedded.close();
  });

  it("fails for good with what cannot heal", async () => {
    const { client, fabric, commit } = await openSubscriberStage();
    await commit(GOLD);
    await expect(client.subscribe({ name: "s", feeds: ["none"] })).rejects.toMatchObject({
      code: "FEED_UNKNOWN",
    });
    await expect(client.subscribe({ name: "../x", feeds: [GOLD] })).rejects.toMatchObject({
      code: "API_REQUEST_INVALID",
    });
    const subscription = await client.subscribe({ name: "s", feeds: [GOLD] });
    await fabric.subscriptions.remove("s");
    await expect(take(subscription, 1)).rejects.toMatchObject({ code: "SUBSCRIPTION_UNKNOWN" });
  });
});
