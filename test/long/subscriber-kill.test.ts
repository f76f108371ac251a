import { setMaxListeners } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { RoundEvent } from "../../src/client/subscription.ts";
import { isFabricError } from "../../src/core/errors/fabric-error.ts";
import { openStore } from "../../src/store/open-store.ts";
import { roundsAfter } from "../../src/store/rounds.ts";
import { createClientOfLives, startKilledHost, type HostLife } from "../support/killed-host.ts";
import { GOLD } from "../support/subscriber-stage.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startWebhookReceiver } from "../support/webhook-receiver.ts";

/** Around the record, the intention, the effect and its end, in the order in which a life usually commits them. */
const KILLS = ["before:1", "after:1", "after:2", "after:3", "before:4", "after:4", "after:6"];

const recorded = async (folder: string): Promise<readonly number[]> => {
  const store = await openStore({ driver: "libsql", file: path.join(folder, "fabric.db") });
  try {
    const rows = await roundsAfter(store.db, GOLD, { after: 0, limit: 10_000 });
    return rows.map(({ round }) => round);
  } finally {
    await store.close();
  }
};

describe("kill -9 of the host", { timeout: 120_000 }, () => {
  it("loses no webhook's call, and every try of one is the same call", async () => {
    const folder = temporaryFolder();
    const receiver = await startWebhookReceiver();
    const settings = {
      allowPrivateAddresses: true,
      caFile: receiver.caFile,
      timeoutMs: 300,
      retryMs: Array.from({ length: 20 }, () => 20),
    };
    let life: HostLife = await startKilledHost(folder, settings);
    const client = createClientOfLives(() => life.url);
    const { id, secret } = await client.webhooks.add({ url: receiver.url, feeds: [GOLD] });
    life.kill();
    await life.died;
    let died = 0;
    for (const kill of KILLS) {
      life = await startKilledHost(folder, settings, kill);
      for (let count = 0; count < 3; count += 1) life.commit();
      expect(await life.died).toBe("SIGKILL");
      died += 1;
    }
    expect(died).toBe(KILLS.length);
    life = await startKilledHost(folder, settings);
    life.commit();
    await expect
      .poll(
        async () => {
          const { waiting, behind, dead } = await client.webhooks.get(id);
          return { waiting, behind, dead };
        },
        { timeout: 60_000 },
      )
      .toEqual({ waiting: 0, behind: 0, dead: 0 });
    life.kill();
    await life.died;

    const rounds = await recorded(folder);
    expect(rounds.length).toBeGreaterThan(5);
    expect(rounds).toEqual(rounds.map((_, index) => index + 1));
    const byRound = new Map<number, Set<string>>();
    for (const call of receiver.calls) {
      const { round } = call.verify(secret);
      const tries = byRound.get(round.round) ?? new Set();
      tries.add(`${String(call.headers["webhook-id"])} ${call.body}`);
      byRound.set(round.round, tries);
    }
    expect([...byRound.keys()].toSorted((a, b) => a - b)).toEqual(rounds);
    for (const tries of byRound.values()) expect(tries.size).toBe(1);
  });

  it("makes no gap in a subscription, and moves its cursor by acknowledgement alone", async () => {
    const folder = temporaryFolder();
    let life: HostLife = await startKilledHost(folder);
    const client = createClientOfLives(() => life.url);
    const stop = new AbortController();
    // Consumers that die take their listeners with them; those of a test share its process.
    setMaxListeners(0, stop.signal);
    const seen: number[] = [];
    const acknowledged: number[] = [];
    const handle = async (event: RoundEvent) => {
      seen.push(event.round.round);
      await event.ack();
      acknowledged.push(event.round.round);
    };
    /** A consumer that dies with every fault and every few events, and comes back under its name. */
    const consume = async () => {
      while (!stop.signal.aborted) {
        try {
          const subscription = await client.subscribe({
            name: "s",
            feeds: [GOLD],
            from: "beginning",
            consumer: "one",
            signal: stop.signal,
          });
          const source = subscription[Symbol.asyncIterator]();
          for (let count = 0; count < 5; count += 1) {
            const next = await source.next();
            if (next.done === true) break;
            await handle(next.value);
          }
        } catch (error) {
          if (!isFabricError(error) && !stop.signal.aborted) throw error;
          await new Promise((resolve) => {
            setImmediate(resolve);
          });
        }
      }
    };
    const consuming = consume();
    life.kill();
    await life.died;
    for (const kill of KILLS) {
      life = await startKilledHost(folder, {}, kill);
      for (let count = 0; count < 3; count += 1) life.commit();
      expect(await life.died).toBe("SIGKILL");
    }
    life = await startKilledHost(folder);
    life.commit();
    await expect
      .poll(async () => (await client.subscriptions.get("s")).waiting, { timeout: 60_000 })
      .toBe(0);
    stop.abort();
    await consuming;
    life.kill();
    await life.died;

    const rounds = await recorded(folder);
    expect(rounds.length).toBeGreaterThan(5);
    expect([...new Set(seen)]).toEqual(rounds);
    // What was acknowledged never came again.
    for (const [index, round] of acknowledged.entries())
      expect(acknowledged.slice(index + 1)).not.toContain(round);
  });

  it("runs nothing twice that was asked for, and gives each key one answer", async () => {
    const folder = temporaryFolder();
    let life: HostLife = await startKilledHost(folder);
    life.commit();
    const client = createClientOfLives(() => life.url);
    life.kill();
    await life.died;
    const answers = new Map<string, unknown>();
    const ask = async (key: string): Promise<unknown> => {
      try {
        const { round, made } = await client.request(GOLD, { idempotencyKey: key });
        return { round: round.round, made };
      } catch (error) {
        if (isFabricError(error)) return error.code;
        throw error;
      }
    };
    for (const kill of KILLS.slice(0, 6)) {
      life = await startKilledHost(folder, {}, kill);
      const url = life.url;
      // Nobody hears the answer of a host that dies.
      const asked =
        url === null
          ? null
          : fetch(`${url}/v1/feeds/${GOLD}/requests`, {
              method: "POST",
              headers: { authorization: "Bearer token", "idempotency-key": kill },
            }).catch(() => null);
      for (let count = 0; count < 3; count += 1) {
        await Promise.race([asked, life.died]);
        life.commit();
      }
      for (let count = 0; count < 12; count += 1) life.commit();
      expect(await life.died).toBe("SIGKILL");
      life = await startKilledHost(folder);
      answers.set(kill, await ask(kill));
      life.kill();
      await life.died;
    }
    life = await startKilledHost(folder);
    for (const [key, answer] of answers) expect([key, await ask(key)]).toEqual([key, answer]);
    life.kill();
    await life.died;

    const log = path.join(folder, "effects.log");
    const effects = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
    expect(new Set(effects).size).toBe(effects.length);
    const made = [...answers.values()].filter((answer) => typeof answer === "object");
    const refused = [...answers.values()].filter((answer) => answer === "REQUEST_INTERRUPTED");
    expect(made.length + refused.length).toBe(answers.size);
    // Of both kinds there were some: the kills stood on either side of the beginning.
    expect(made.length).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(0);
    expect(effects.length).toBeGreaterThanOrEqual(made.length);
    expect(effects.length).toBeLessThanOrEqual(answers.size);
  });
});
