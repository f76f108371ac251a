import { afterEach, describe, expect, it } from "vitest";

import { createFakeFabric, FEED, type FakeFabric } from "../../../test/support/fake-fabric.ts";
import { startFollowing } from "../../../test/support/follow-cli.ts";
import { runForTest } from "../../../test/support/run-cli.ts";
import { createApi, type Api } from "../../api/create-api.ts";
import { Secret } from "../../core/config/secret.ts";
import { silentLog } from "../../core/log.ts";
import { commands } from "../commands.ts";
import { createStop } from "../stop.ts";

const open: Api[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((api) => api.close()));
});

/** The real API over a fabric in memory. */
const serve = async (fabric: FakeFabric, token?: string): Promise<string> => {
  const api = createApi({ fabric, log: silentLog, ...(token ? { token: new Secret(token) } : {}) });
  open.push(api);
  return api.listen({ host: "127.0.0.1", port: 0 });
};

const NOWHERE = ["--url", "http://127.0.0.1:1", "--json"];
const read = (stdout: string): { ok: boolean; data: Record<string, unknown> } =>
  JSON.parse(stdout) as { ok: boolean; data: Record<string, unknown> };

describe("cryptlet feed list", () => {
  it("names feed, round, heartbeat and chains", async () => {
    const url = await serve(createFakeFabric(3));
    const run = await runForTest(["feed", "list", "--url", url], commands);
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/xau-usd +3 +USD\/ozt +60\.0 s +0\.25 % +local/);
    const json = await runForTest(["feed", "list", "--url", url, "--json"], commands);
    expect(read(json.stdout).data).toMatchObject({ feeds: [{ id: FEED, latestRound: 3 }] });
  });

  it("ends with 5 where nothing answers", async () => {
    const run = await runForTest(["feed", "list", ...NOWHERE], commands);
    expect(run.code).toBe(5);
    expect(run.stdout).toContain("CLIENT_UNREACHABLE");
  });

  it("takes the address and the token from the environment", async () => {
    const url = await serve(createFakeFabric(), "let-me-in");
    const argv = ["feed", "list", "--json"];
    const refused = await runForTest(argv, commands, { env: { CRYPTLET_URL: url } });
    expect(refused.code).not.toBe(0);
    const env = { CRYPTLET_URL: url, CRYPTLET_API_TOKEN: "let-me-in" };
    expect((await runForTest(argv, commands, { env })).code).toBe(0);
  });
});

describe("cryptlet feed get", () => {
  it("prints a stale round, but ends with 15", async () => {
    const url = await serve(createFakeFabric(3));
    const run = await runForTest(["feed", "get", FEED, "--url", url], commands);
    expect(run.code).toBe(15);
    expect(run.stdout).toContain("2650.00000003 USD/ozt");
    for (const part of ["STALE", "EMULATED", "SIMULATED"]) expect(run.stdout).toContain(part);
    const json = await runForTest(["feed", "get", FEED, "--url", url, "--json"], commands);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      error: { code: "FEED_STALE" },
      data: { round: 3, answer: "265000000003", decimals: 8, stale: true },
    });
  });

  it("does not judge the age of a past round that was asked for", async () => {
    const url = await serve(createFakeFabric(3));
    const argv = ["feed", "get", FEED, "--round", "2", "--url", url, "--json"];
    const run = await runForTest(argv, commands);
    expect(run.code).toBe(0);
    expect(read(run.stdout).data).toMatchObject({ round: 2, stale: true });
  });

  it.each([
    [["nope"], "FEED_UNKNOWN"],
    [["../../metrics"], "FEED_UNKNOWN"],
    [[FEED, "--round", "9"], "ROUND_UNKNOWN"],
  ])("ends with 3 for %j", async (words, code) => {
    const url = await serve(createFakeFabric(1));
    const run = await runForTest(["feed", "get", ...words, "--url", url, "--json"], commands);
    expect(run.code).toBe(3);
    expect(JSON.parse(run.stdout)).toMatchObject({ ok: false, error: { code } });
  });
});

describe("cryptlet feed watch", () => {
  it("prints what was, then what comes, one JSON line each, and ends after --count", async () => {
    const fabric = createFakeFabric(2);
    const url = await serve(fabric);
    const argv = ["feed", "watch", FEED, "--after", "0", "--count", "3", "--url", url];
    const { events, done } = startFollowing(argv, commands);
    expect(await events.next()).toMatchObject({ round: 1 });
    expect(await events.next()).toMatchObject({ round: 2, answer: "265000000002" });
    fabric.commit();
    expect(await events.next()).toMatchObject({ round: 3 });
    expect(await done).toMatchObject({ code: 0, stderr: "" });
  });

  it("goes on after the host was gone for a while, without a gap", async () => {
    const fabric = createFakeFabric(1);
    const url = await serve(fabric);
    const argv = ["feed", "watch", FEED, "--after", "0", "--url", url];
    const { events, stop, done } = startFollowing(argv, commands);
    expect(await events.next()).toMatchObject({ round: 1 });
    await open.pop()?.close();
    fabric.commit();
    const again = createApi({ fabric, log: silentLog });
    open.push(again);
    await again.listen({ host: "127.0.0.1", port: Number(new URL(url).port) });
    expect(await events.next()).toMatchObject({ round: 2 });
    stop(createStop("SIGINT"));
    expect((await done).code).toBe(130);
  });

  it("ends with 3 for an unknown feed and with 5 where nothing answers", async () => {
    const url = await serve(createFakeFabric());
    const unknown = await runForTest(["feed", "watch", "nope", "--url", url, "--json"], commands);
    expect(unknown.code).toBe(3);
    expect((await runForTest(["feed", "watch", FEED, ...NOWHERE], commands)).code).toBe(5);
  });
});

describe("cryptlet host status", () => {
  it("names every part and loop", async () => {
    const url = await serve(createFakeFabric());
    const run = await runForTest(["host", "status", "--url", url], commands);
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/ok +database/);
    expect(run.stdout).toMatch(/ok +loop outbox/);
  });

  it("ends with 5 when a part is down, and says which", async () => {
    const fabric = createFakeFabric();
    fabric.health = async () => ({ ok: false, parts: { bus: { ok: false, detail: "gone" } } });
    const url = await serve(fabric);
    const run = await runForTest(["host", "status", "--url", url, "--json"], commands);
    expect(run.code).toBe(5);
    expect(JSON.parse(run.stdout)).toMatchObject({
      ok: false,
      error: { code: "HOST_UNHEALTHY" },
      data: { health: { parts: { bus: { detail: "gone" } } } },
    });
  });

  it("ends with 5 when a loop stands still", async () => {
    const fabric = createFakeFabric();
    fabric.liveness = () => ({
      ok: false,
      loops: { outbox: { ok: false, idleMs: 9, limitMs: 1 } },
    });
    const url = await serve(fabric);
    expect((await runForTest(["host", "status", "--url", url], commands)).code).toBe(5);
  });

  it("ends with 5 where nothing answers", async () => {
    expect((await runForTest(["host", "status", ...NOWHERE], commands)).code).toBe(5);
  });
});
