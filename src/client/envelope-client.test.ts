import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  bundleBytes,
  createBundle,
  createKeyPair,
  createPolicy,
} from "../../test/support/bundle-fixture.ts";
import { FIXTURE_TIME, createObservation } from "../../test/support/observation-fixture.ts";
import type { Bundle } from "../envelope/bundle.ts";
import { envelopeDigest } from "../envelope/signed-observation.ts";
import { roundAnswer, type RoundAnswer } from "./answers.ts";
import { createFabricClient, type FabricClient } from "./fabric-client.ts";

const AT = FIXTURE_TIME + 10_000;
const pair = createKeyPair();
const trust = createPolicy([pair.json.record, pair.onchain.record]);
const observation = createObservation();
const good = createBundle(pair);
const digest = envelopeDigest(good.envelope);

/** What an honest server says of the fixture's round. */
const round: RoundAnswer = roundAnswer.parse({
  feed: observation.subject.feed,
  feedHash: `0x${"ab".repeat(32)}`,
  round: observation.subject.round,
  answer:
    observation.value.kind === "decimal"
      ? BigInt(observation.value.text.replace(".", "")).toString()
      : null,
  value: observation.value,
  observedAt: observation.observedAt,
  issuedAt: observation.issuedAt,
  validUntil: observation.validUntil,
  mode: "EMULATED",
  simulated: true,
  envelopeDigest: digest,
  deliveries: [],
});

const serve = async (bundle: Bundle): Promise<{ client: FabricClient; asked: string[] }> => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(200, { "content-type": "application/json" });
    response.end(bundleBytes(bundle));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { client: createFabricClient({ url: `http://127.0.0.1:${port}` }), asked };
};

describe("envelopes.verify", () => {
  const lies: readonly (readonly [string, Partial<Record<keyof RoundAnswer, unknown>>, string])[] =
    [
      ["another price", { answer: "1" }, "answer"],
      ["another value", { value: { ...observation.value, text: "1.00" } }, "value"],
      ["another round", { round: round.round + 1 }, "round"],
      ["another feed", { feed: "xag-usd" }, "feed"],
      ["a fresher time", { observedAt: round.observedAt + 1 }, "observedAt"],
      ["a longer life", { validUntil: round.validUntil + 1 }, "validUntil"],
      ["live sources", { mode: "LIVE" }, "mode"],
    ];

  it("accepts a round whose envelope says what the server says", async () => {
    const { client, asked } = await serve(good);
    const report = await client.envelopes.verify(round, { trust, at: AT });
    expect(report).toMatchObject({ ok: true, envelopeDigest: digest, observation });
    expect(asked).toEqual([`/v1/bundles/${digest}`]);
  });

  it("accepts a digest by itself", async () => {
    const { client } = await serve(good);
    expect(await client.envelopes.verify(digest, { trust, at: AT })).toMatchObject({ ok: true });
  });

  it.each(lies)("refuses %s about a sound envelope", async (_what, change, field) => {
    const { client } = await serve(good);
    await expect(
      client.envelopes.verify({ ...round, ...change } as RoundAnswer, { trust, at: AT }),
    ).rejects.toMatchObject({ code: "ANSWER_DIFFERS", arguments: { field } });
  });

  it("refuses a sound envelope that was not asked for", async () => {
    const other = createBundle(pair, {
      ...observation,
      subject: { ...observation.subject, round: observation.subject.round + 1 },
    });
    const { client } = await serve(other);
    await expect(client.envelopes.verify(digest, { trust, at: AT })).rejects.toMatchObject({
      code: "ANSWER_DIFFERS",
      arguments: { field: "envelopeDigest" },
    });
  });

  it("reports a stranger's signature and an old value, and throws neither", async () => {
    const { client } = await serve(good);
    const stranger = createPolicy([createKeyPair().json.record]);
    const untrusted = await client.envelopes.verify(round, { trust: stranger, at: AT });
    expect(untrusted).toMatchObject({ ok: false, exitCode: 12, observation: null });
    const old = await client.envelopes.verify(round, { trust, at: observation.validUntil + 1 });
    expect(old).toMatchObject({ ok: false, code: "OBSERVATION_STALE" });
  });

  it("asks nothing for what is no digest", async () => {
    const { client, asked } = await serve(good);
    await expect(client.envelopes.verify("../keys", { trust })).rejects.toMatchObject({
      code: "ENVELOPE_UNKNOWN",
    });
    expect(asked).toEqual([]);
  });
});
