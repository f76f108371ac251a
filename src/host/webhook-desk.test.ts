import { rmSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { GOLD, openSubscriberStage, SILVER } from "../../test/support/subscriber-stage.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { startWebhookReceiver } from "../../test/support/webhook-receiver.ts";
import type { FabricConfigInput } from "../core/config/schema.ts";
import { createManualClock } from "../core/manual-clock.ts";
import { webhookMessageId } from "./webhook-message.ts";
import { pauseAfter } from "./webhook-worker.ts";

const NOW = 1_700_000_000_000;
/** On a machine that is busy with other things too. */
const expectEventually = <Value>(read: () => Value) => expect.poll(read, { timeout: 20_000 });

/** A host that may call the receiver of the test. */
const open = async (
  settings: FabricConfigInput["webhooks"] = {},
  more: Parameters<typeof openSubscriberStage>[0] = {},
) => {
  const receiver = await startWebhookReceiver();
  const webhooks = { allowPrivateAddresses: true, caFile: receiver.caFile, ...settings };
  const stage = await openSubscriberStage({ ...more, config: { webhooks } });
  const start = (folder: string) => openSubscriberStage({ ...more, folder, config: { webhooks } });
  return { receiver, stage, start };
};
type Stage = Awaited<ReturnType<typeof open>>["stage"];

/** Until the calls of a webhook stand as told. */
const expectStand = async (stage: Stage, id: string, counts: Record<string, number>) => {
  await expectEventually(async () => {
    const { waiting, dead } = await stage.client.webhooks.get(id);
    const delivered = (await stage.client.webhooks.calls(id, { status: "delivered" })).length;
    return { waiting, dead, delivered };
  }).toEqual({ waiting: 0, dead: 0, delivered: 0, ...counts });
};

describe("a webhook", () => {
  it("is sent every round of its feeds, signed, and no other's", async () => {
    const { receiver, stage } = await open();
    await stage.commit(GOLD);
    const added = await stage.client.webhooks.add({ url: receiver.url, feeds: [GOLD] });
    expect(added).toMatchObject({ status: "active", waiting: 0, dead: 0, behind: 0 });
    expect(added.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    await stage.commit(GOLD);
    await stage.commit(SILVER);
    await stage.commit(GOLD);
    const calls = await receiver.inbox.until(2);
    const events = calls.map((call) => call.verify(added.secret));
    expect(new Set(events.map(({ round }) => `${round.feed}:${round.round}`))).toEqual(
      new Set(["xau-usd:2", "xau-usd:3"]),
    );
    expect(new Set(events.map(({ id }) => id))).toEqual(
      new Set([webhookMessageId(added.id, GOLD, 2), webhookMessageId(added.id, GOLD, 3)]),
    );
    expect(events[0]?.fabric).toBe("local");
    await expectStand(stage, added.id, { delivered: 2 });
    expect(receiver.calls).toHaveLength(2);
  });

  it("begins where it is told: at the beginning, a time or a round", async () => {
    const { receiver, stage } = await open();
    for (let count = 0; count < 4; count += 1) await stage.commit(GOLD);
    const url = receiver.url;
    const { issuedAt } = await stage.client.feeds.round(GOLD, 3);
    for (const [from, expected] of [
      ["beginning", [1, 2, 3, 4]],
      [{ time: issuedAt }, [3, 4]],
      [{ time: issuedAt + 1 }, [4]],
      [{ feed: GOLD, round: 2 }, [2, 3, 4]],
      [{ time: issuedAt + 60_000 }, []],
      ["now", []],
    ] as const) {
      const { id } = await stage.client.webhooks.add({ url, feeds: [GOLD], from });
      await expectStand(stage, id, { delivered: expected.length });
      const calls = await stage.client.webhooks.calls(id);
      expect(calls.map(({ round }) => round).toSorted((a, b) => a - b)).toEqual(expected);
    }
  });

  it("tries again by plan, the same id and bytes each time, then gives up until it is replayed", async () => {
    const clock = createManualClock(NOW);
    const { receiver, stage } = await open({ retryMs: [1_000, 10_000] }, { clock });
    receiver.answer = 500;
    const { id, secret } = await stage.client.webhooks.add({ url: receiver.url, feeds: [GOLD] });
    await stage.commit(GOLD);
    await receiver.inbox.until(1);
    await expectEventually(async () => (await stage.client.webhooks.calls(id))[0]).toMatchObject({
      status: "waiting",
      attempts: 1,
      answer: 500,
      error: "WEBHOOK_REFUSED",
    });
    const [first] = await stage.client.webhooks.calls(id);
    expect((first?.nextAt ?? 0) - NOW).toBeGreaterThanOrEqual(1_000);
    expect((first?.nextAt ?? 0) - NOW).toBeLessThanOrEqual(1_200);
    await clock.advance(999);
    expect(receiver.calls).toHaveLength(1);
    await clock.advance(201);
    await receiver.inbox.until(2);
    await expectEventually(async () => {
      const [call] = await stage.client.webhooks.calls(id);
      const pause = (call?.nextAt ?? 0) - clock.now();
      // Until its end is written, a try counts as lost after 16 s.
      return call?.attempts === 2 && pause >= 10_000 && pause <= 12_000;
    }).toBe(true);
    await clock.advance(12_000);
    await receiver.inbox.until(3);
    await expectStand(stage, id, { dead: 1 });

    receiver.answer = 200;
    expect(await stage.client.webhooks.replay(id)).toBe(1);
    await receiver.inbox.until(4);
    await expectStand(stage, id, { delivered: 1 });
    expect(new Set(receiver.calls.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(new Set(receiver.calls.map(({ body }) => body)).size).toBe(1);
    const { verifyWebhook } = await import("../client/verify-webhook.ts");
    for (const { headers, body } of receiver.calls)
      expect(verifyWebhook({ secret, headers, body, now: clock.now() }).round.round).toBe(1);
    expect(await stage.client.webhooks.replay(id)).toBe(0);
    const [call] = await stage.client.webhooks.calls(id);
    expect(call).toMatchObject({ replays: 1, status: "delivered", answer: 200, error: null });
    expect(await stage.client.webhooks.replay(id, { call: call?.id ?? "" })).toBe(1);
    await receiver.inbox.until(5);
  });

  it("goes on with newer rounds while an older one waits for its next try", async () => {
    const clock = createManualClock(NOW);
    const { receiver, stage } = await open({ retryMs: [86_400_000] }, { clock });
    receiver.answer = (call, response) => {
      response.statusCode = call.body.includes('"round":1,') ? 503 : 204;
      response.end();
    };
    const { id } = await stage.client.webhooks.add({ url: receiver.url, feeds: [GOLD] });
    await stage.commit(GOLD);
    await receiver.inbox.until(1);
    await stage.commit(GOLD);
    await stage.commit(GOLD);
    await receiver.inbox.until(3);
    await expectStand(stage, id, { waiting: 1, delivered: 2 });
  });

  it("waits as long as the endpoint asks, within a day", () => {
    expect(pauseAfter(1, [1_000], 60_000)).toBe(60_000);
    expect(pauseAfter(1, [1_000], 1e12)).toBe(86_400_000);
    expect(pauseAfter(2, [1_000], 60_000)).toBeNull();
    for (let tries = 0; tries < 50; tries += 1) {
      const pause = pauseAfter(1, [1_000], null) ?? 0;
      expect(pause).toBeGreaterThanOrEqual(1_000);
      expect(pause).toBeLessThanOrEqual(1_200);
    }
  });

  it("stops at 410 and goes on when it is resumed, with what waited", async () => {
    const { receiver, stage } = await open();
    receiver.answer = 410;
    const { id } = await stage.client.webhooks.add({ url: receiver.url, feeds: [GOLD] });
    await stage.commit(GOLD);
    await expectEventually(async () => (await stage.client.webhooks.get(id)).stopped).toBe(
      "WEBHOOK_GONE",
    );
    await stage.commit(GOLD);
    expect(await stage.client.webhooks.get(id)).toMatchObject({ waiting: 1, behind: 1 });
    expect(receiver.calls).toHaveLength(1);
    receiver.answer = 204;
    expect(await stage.client.webhooks.resume(id)).toMatchObject({ status: "active" });
    await expectStand(stage, id, { delivered: 2 });
  });

  it("signs with both secrets for as long as a rotation lasts", async () => {
    const clock = createManualClock(Date.now());
    const { receiver, stage } = await open({}, { clock });
    const before = await stage.client.webhooks.add({ url: receiver.url, feeds: [GOLD] });
    const after = await stage.client.webhooks.rotate(before.id, { overlapMs: 60_000 });
    expect(after.secret).not.toBe(before.secret);
    expect(after.previousSecretUntil).toBe(clock.now() + 60_000);
    await stage.commit(GOLD);
    const [during] = await receiver.inbox.until(1);
    expect(during?.verify(before.secret).round.round).toBe(1);
    expect(during?.verify(after.secret).round.round).toBe(1);
    await clock.advance(60_000);
    await stage.commit(GOLD);
    const [, later] = await receiver.inbox.until(2);
    expect(later?.verify(after.secret).round.round).toBe(2);
    expect(() => later?.verify(before.secret)).toThrow(
      expect.objectContaining({ code: "WEBHOOK_SIGNATURE_WRONG" }),
    );
    const leaked = await stage.client.webhooks.rotate(before.id, { overlapMs: 0 });
    expect(leaked.previousSecretUntil).toBeNull();
    await stage.commit(GOLD);
    const [, , last] = await receiver.inbox.until(3);
    expect(() => last?.verify(after.secret)).toThrow(
      expect.objectContaining({ code: "WEBHOOK_SIGNATURE_WRONG" }),
    );
  });

  it("keeps what waits over a restart, and sends what was committed meanwhile", async () => {
    const folder = temporaryFolder();
    const { receiver, stage, start } = await open({ retryMs: [1] }, { folder });
    receiver.answer = 503;
    const { id, secret } = await stage.client.webhooks.add({ url: receiver.url, feeds: [GOLD] });
    await stage.commit(GOLD);
    await receiver.inbox.until(1);
    await stage.stop();
    receiver.answer = 204;
    const again = await start(folder);
    await again.commit(GOLD);
    await expectEventually(() =>
      receiver.calls.map((call) => call.verify(secret).round.round).toSorted((a, b) => a - b),
    ).toContain(2);
    await expectEventually(async () => (await again.client.webhooks.get(id)).waiting).toBe(0);
  });

  it("stops when its secret came from a key that is gone, until it has a new one", async () => {
    const folder = temporaryFolder();
    const { receiver, stage, start } = await open({}, { folder });
    const { id, secret } = await stage.client.webhooks.add({ url: receiver.url, feeds: [GOLD] });
    await stage.stop();
    rmSync(path.join(folder, "webhook-key"));
    const again = await start(folder);
    await again.commit(GOLD);
    await expectEventually(async () => (await again.client.webhooks.get(id)).stopped).toBe(
      "WEBHOOK_KEY_CHANGED",
    );
    expect(receiver.calls).toEqual([]);
    const rotated = await again.client.webhooks.rotate(id);
    expect(rotated).toMatchObject({ status: "active", previousSecretUntil: null });
    const [call] = await receiver.inbox.until(1);
    expect(call?.verify(rotated.secret).round.round).toBe(1);
    expect(() => call?.verify(secret)).toThrow(
      expect.objectContaining({ code: "WEBHOOK_SIGNATURE_WRONG" }),
    );
  });

  it("holds a bounded queue; what is beyond waits in the record and is not lost", async () => {
    const clock = createManualClock(NOW);
    const { receiver, stage } = await open({ maxWaiting: 3, retryMs: [1_000, 1_000] }, { clock });
    receiver.answer = 500;
    const { id } = await stage.client.webhooks.add({ url: receiver.url, feeds: [GOLD] });
    for (let count = 0; count < 8; count += 1) await stage.commit(GOLD);
    await expectEventually(async () => stage.client.webhooks.get(id)).toMatchObject({
      waiting: 3,
      behind: 5,
    });
    receiver.answer = 204;
    await expectEventually(async () => {
      await clock.advance(1_300);
      return (await stage.client.webhooks.calls(id, { status: "delivered" })).length;
    }).toBe(8);
  });

  it("is gone with its calls when it is removed", async () => {
    const { receiver, stage } = await open({ retryMs: [60_000] });
    receiver.answer = 500;
    const { id } = await stage.client.webhooks.add({ url: receiver.url, feeds: [GOLD] });
    await stage.commit(GOLD);
    await receiver.inbox.until(1);
    await stage.client.webhooks.remove(id);
    await stage.commit(GOLD);
    const { webhooks } = stage.client;
    for (const work of [
      () => webhooks.get(id),
      () => webhooks.remove(id),
      () => webhooks.rotate(id),
      () => webhooks.resume(id),
      () => webhooks.calls(id),
      () => webhooks.replay(id),
    ])
      await expect(work()).rejects.toMatchObject({ code: "WEBHOOK_UNKNOWN" });
    expect(await stage.client.webhooks.list()).toEqual([]);
    expect(receiver.calls).toHaveLength(1);
  });

  it("refuses unknown feeds, rounds and calls", async () => {
    const { receiver, stage } = await open();
    const { url } = receiver;
    const { webhooks } = stage.client;
    await expect(webhooks.add({ url, feeds: ["none"] })).rejects.toMatchObject({
      code: "FEED_UNKNOWN",
    });
    await expect(
      webhooks.add({ url, feeds: [GOLD], from: { feed: GOLD, round: 9 } }),
    ).rejects.toMatchObject({ code: "ROUND_UNKNOWN" });
    const { id } = await webhooks.add({ url, feeds: [GOLD] });
    await expect(webhooks.replay(id, { call: `msg_${"0".repeat(32)}` })).rejects.toMatchObject({
      code: "WEBHOOK_CALL_UNKNOWN",
    });
  });
});
