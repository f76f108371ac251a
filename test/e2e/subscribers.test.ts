import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { createFabricClient } from "../../src/client/fabric-client.ts";
import { verifyWebhook } from "../../src/client/verify-webhook.ts";
import { parseBundle } from "../../src/envelope/bundle.ts";
import { envelopeDigest } from "../../src/envelope/signed-observation.ts";
import { runCliProcess } from "../support/cli-process.ts";
import { dataOf, prepareHost, startHost, stopHost } from "../support/emulated-host.ts";
import { startWebhookReceiver } from "../support/webhook-receiver.ts";

const TOKEN = "a-token-of-the-test";

describe("a backend and its host", { timeout: 120_000 }, () => {
  it("asks for a round, follows a subscription and receives webhooks, from the command line too", async () => {
    const receiver = await startWebhookReceiver();
    const { config } = await prepareHost();
    const content = JSON.parse(readFileSync(config, "utf8")) as { feeds: object[] };
    writeFileSync(path.join(path.dirname(config), "token"), TOKEN);
    const changed = {
      ...content,
      api: { port: 0, token: { $file: "token" } },
      webhooks: { allowPrivateAddresses: true, caFile: receiver.caFile },
      // Only requests make rounds after the first.
      feeds: content.feeds.map((feed) => ({ ...feed, intervalMs: 60_000, deviationPpm: null })),
    };
    writeFileSync(config, JSON.stringify(changed));
    const before = await startHost(config);
    const cli = async (url: string, ...argv: string[]) => {
      const run = await runCliProcess([...argv, "--url", url, "--json"], {
        env: { CRYPTLET_API_TOKEN: TOKEN },
      });
      return { ...run, data: run.code === 0 ? dataOf(run.stdout) : null };
    };
    const client = createFabricClient({ url: before.url, token: TOKEN });
    await expect
      .poll(async () => (await client.feeds.get("xau-usd")).latestRound, { timeout: 30_000 })
      .toBe(1);

    const added = await cli(before.url, "webhook", "add", receiver.url, "--feed", "xau-usd");
    expect(added.code).toBe(0);
    const id = String(added.data?.["id"]);
    const secret = String(added.data?.["secret"]);
    const subscription = await client.subscribe({
      name: "billing",
      feeds: ["xau-usd"],
      from: "beginning",
    });

    // Contracts compare whole seconds: a run in the same second makes no round.
    const ask = ["feed", "request", "xau-usd", "--key"];
    let made = 0;
    for (let count = 0; made < 2; count += 1) {
      const run = await cli(before.url, ...ask, `key-${count}`);
      expect(run.code).toBe(0);
      if (run.data?.["made"] === true) made += 1;
    }
    const again = await cli(before.url, ...ask, "key-0");
    expect(again.data).toMatchObject({ feed: "xau-usd" });

    const seen: number[] = [];
    for await (const event of subscription) {
      seen.push(event.round.round);
      await event.ack();
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([1, 2, 3]);
    const at = new Date((await client.feeds.round("xau-usd", 2)).issuedAt).toISOString();
    const then = await cli(before.url, "feed", "get", "xau-usd", "--at", at);
    expect(then.data).toMatchObject({ round: 2 });

    const calls = await receiver.inbox.until(2);
    for (const { headers, body } of calls) {
      const { round } = verifyWebhook({ secret, headers, body });
      const bundle = await client.envelopes.bundle(round.envelopeDigest);
      // The call proves the host; what it names is the envelope that the enclave signed.
      const { envelope } = parseBundle(JSON.stringify(bundle));
      expect(envelopeDigest(envelope)).toBe(round.envelopeDigest);
    }
    await stopHost(before.host);

    const after = await startHost(config);
    const listed = await cli(after.url, "subscription", "list");
    expect(listed.data).toMatchObject({ subscriptions: [{ name: "billing", waiting: 0 }] });
    expect((await cli(after.url, "webhook", "calls", id)).data).toMatchObject({
      calls: [{ status: "delivered" }, { status: "delivered" }],
    });
    const seek = ["subscription", "seek", "billing", "--to", "xau-usd:2"];
    expect((await cli(after.url, ...seek)).data).toMatchObject({ waiting: 2 });
    expect((await cli(after.url, ...ask, "key-0")).data).toEqual(again.data);
    expect((await cli(after.url, "webhook", "rotate", id)).data?.["secret"]).not.toBe(secret);
    expect((await cli(after.url, "webhook", "remove", id)).code).toBe(0);
    expect((await cli(after.url, "webhook", "list")).data).toEqual({ webhooks: [] });
    expect((await cli(after.url, "subscription", "remove", "billing")).code).toBe(0);

    expect((await cli(after.url, "webhook", "calls", id)).code).toBe(3);
    expect((await cli(after.url, ...ask, "k", "--max-age", "x")).code).toBe(2);
    expect((await cli(after.url, "webhook", "add", receiver.url)).code).toBe(2);
    expect((await cli(after.url, "subscription", "seek", "none", "--to", "now")).code).toBe(3);
    expect((await cli(after.url, "subscription", "seek", "none", "--to", "soon")).code).toBe(2);
    const wrong = await runCliProcess(["webhook", "list", "--url", after.url, "--json"], {
      env: { CRYPTLET_API_TOKEN: "another" },
    });
    expect(wrong.code).toBe(4);
    await stopHost(after.host);
  });
});
