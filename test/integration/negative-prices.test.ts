import { beforeAll, describe, expect, it } from "vitest";
import { registerFeed } from "../../src/adapters/evm/deploy.ts";
import { encodeUpdate } from "../../src/adapters/evm/encode-update.ts";
import { feedAbi } from "../../src/adapters/evm/feed-abi.ts";
import { createFeedContract } from "../../src/adapters/evm/feed-contract.ts";
import type { Address } from "../../src/core/ids.ts";
import { payloadBytes } from "../../src/envelope/dsse.ts";
import type { Observation } from "../../src/envelope/observation.ts";
import { envelopeDigest, signObservation } from "../../src/envelope/signed-observation.ts";
import { decodeBase64 } from "../../src/crypto/base64.ts";
import { createSigningKey } from "../../src/crypto/key-record.ts";
import { hexToBytes } from "../../src/crypto/bytes.ts";
import {
  aggregate,
  defineCryptlet,
  noParameters,
  readJson,
  readSources,
  type PriceSource,
} from "../../src/sdk/index.ts";
import { expectObservation, mockHttp, testCryptlet } from "../../src/test-kit/index.ts";
import { startTestChain } from "../support/anvil.ts";
import {
  addressOf,
  createFeedFixture,
  namedKey,
  namedSecret,
  WORKLOAD,
  type FeedFixture,
} from "../support/feed-fixture.ts";

// Electricity, hour by hour, on a day with too much sun: from what two exchanges answer to what a contract reads.

const HOUR_MS = 3_600_000;
const hostOf = (host: string, paths: readonly string[]) => ({ host, paths: [...paths] });
const manifest = {
  id: "power-price",
  version: "1.0.0",
  description: "Day-ahead price of electricity in Germany and Luxembourg",
  feeds: [
    {
      id: "power-de",
      kind: "decimal",
      decimals: 2,
      unit: "EUR per MWh",
      description: "Price of the hour",
      minSources: 2,
    },
  ],
  capabilities: {
    http: {
      hosts: [
        hostOf("api.energy-charts.info", ["/price"]),
        hostOf("api.awattar.de", ["/v1/marketdata"]),
      ],
    },
  },
};
const energyCharts: PriceSource = {
  id: "energy-charts",
  request: { method: "GET", url: "https://api.energy-charts.info/price?bzn=DE-LU" },
  maxAgeMs: HOUR_MS,
  extract: ({ body }) => {
    const root = readJson(body);
    return {
      price: root.field("price").item(0).signedPrice("number"),
      observedAt: root.field("unix_seconds").item(0).epoch("s"),
    };
  },
};
const awattar: PriceSource = {
  id: "awattar",
  request: { method: "GET", url: "https://api.awattar.de/v1/marketdata" },
  maxAgeMs: HOUR_MS,
  extract: ({ body }) => {
    const entry = readJson(body).field("data").item(0);
    return {
      price: entry.field("marketprice").signedPrice("number"),
      observedAt: entry.field("start_timestamp").epoch("ms"),
    };
  },
};
const rule = { mads: 5, floorPpm: 5_000, ceilingPpm: 20_000, absoluteFloor: "0.50" };
const market = { status: "open", session: null, nextOpen: null } as const;
const power = defineCryptlet({
  manifest,
  feeds: { "power-de": { parameters: noParameters } },
  run: (ctx) => aggregate(ctx.feed, readSources(ctx, [energyCharts, awattar]), { ...rule, market }),
});
/** What both exchanges answer at a time; prices as JSON numbers. */
const exchanges = (at: number, one: string, two: string) =>
  mockHttp({
    "energy-charts": {
      body: `{"unix_seconds":[${at / 1_000}],"price":[${one}],"unit":"EUR / MWh"}`,
    },
    awattar: { body: `{"data":[{"start_timestamp":${at},"marketprice":${two}}]}` },
  });

let fixture: FeedFixture;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
});

const enclaveKey = namedKey("enclave of power");
const jsonKey = createSigningKey("ed25519", hexToBytes(namedSecret("json key of power")));

/** Registers the feed of a statement, with the feed's own decimals. */
const register = async (statement: Observation): Promise<Address> => {
  await fixture.attest(enclaveKey);
  return registerFeed(fixture.account, fixture.contracts.registry, {
    feedHash: statement.subject.feedHash,
    workload: WORKLOAD,
    signers: [addressOf(enclaveKey)],
    threshold: 1,
    ringSize: 8,
    decimals: 2,
    description: "Electricity",
    requireHardware: false,
  });
};

describe("a price that goes below zero", () => {
  // Both sources, and what a contract reads: -12.505 is half way between cents and goes to the even one.
  const hours = [
    ["3.20", "3.10", 315n],
    ["0.01", "-0.01", 0n],
    ["-12.51", "-12.50", -1_250n],
    ["-500.00", "-500.00", -50_000n],
    ["0.00", "-0.30", -15n],
    ["41.07", "41.07", 4_107n],
  ] as const;

  it("arrives on chain with its sign, hour after hour, and every round can be read again", async () => {
    const { account, contracts, now } = fixture;
    let address: Address | null = null;
    let previous: Observation["previous"] = null;
    const read = async (name: string, ...values: readonly unknown[]) =>
      feedAbi
        .decodeFunctionResult(
          name,
          await account.read(
            address ?? contracts.registry,
            feedAbi.encodeFunctionData(name, [...values]),
          ),
        )
        .toArray() as bigint[];
    for (const [at, [one, two, expected]] of hours.entries()) {
      const time = ((await now()) + at) * 1_000;
      const report = await testCryptlet(power, { at: time, http: exchanges(time, one, two) });
      expectObservation(report).toHaveUsed(2);
      if (!report.statement) throw new Error("nothing to sign");
      const { subject } = report.statement;
      const statement = { ...report.statement, subject: { ...subject, round: at + 1 }, previous };
      const forms = signObservation(statement, { json: [jsonKey], onchain: [enclaveKey] });
      previous = { envelopeDigest: envelopeDigest(forms.envelope) };
      address ??= await register(statement);
      const { onchain } = forms;
      if (!onchain) throw new Error("no form for contracts");
      const signatures = onchain.signatures.map(({ sig }) => decodeBase64(sig));
      const set = await createFeedContract(account.rpc).signerSet(address, { refresh: true });
      const data = encodeUpdate({ payload: payloadBytes(onchain), signatures }, set);
      await account.send("update", { to: address, data: data ?? "0x" });
      const [round, answer] = await read("latestRoundData");
      expect([round, answer]).toEqual([BigInt(at + 1), expected]);
    }
    for (const [at, [, , expected]] of hours.entries())
      expect((await read("getRoundData", at + 1))[1]).toBe(expected);
  });

  it("is left out when a source strays, near zero too", async () => {
    const at = 1_778_414_400_000;
    const near = await testCryptlet(power, { at, http: exchanges(at, "0.10", "-0.90") });
    expectObservation(near).toHaveValue("-0.40");
    // Two that differ by more than the floor on each side: nobody can say which one is right.
    const far = await testCryptlet(power, { at, http: exchanges(at, "0.10", "-9.00") });
    expect(far.error).toMatchObject({
      code: "TOO_FEW_SOURCES",
      arguments: { failures: "energy-charts: outlier, awattar: outlier" },
    });
  });
});
