import { AbiCoder, Contract, Interface, JsonRpcProvider, concat, dataSlice } from "ethers";
import fc from "fast-check";
import { createPublicClient, http, parseAbi } from "viem";
import { foundry } from "viem/chains";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readArtifact } from "../../src/adapters/evm/contract-artifact.ts";
import { OBSERVATION_SELECTOR } from "../../src/api/routes/ccip.ts";
import { pullArguments, withCryptlets } from "../../src/client/ethers/index.ts";
import type { ChainPort } from "../../src/client/chain/chain-port.ts";
import { readChainRequest } from "../../src/client/chain/chain-request.ts";
import { selectorOf } from "../../src/client/chain/selectors.ts";
import { UPDATE_CALLS_ONCE } from "../../src/client/chain/update-calls-once.ts";
import { createSigningKey } from "../../src/crypto/key-record.ts";
import { startTestChain } from "../support/anvil.ts";
import { createPolicy } from "../support/bundle-fixture.ts";
import {
  createChainClientFixture,
  lookupAbi,
  oracleProbeAbi,
  type ChainClientFixture,
} from "../support/chain-client-fixture.ts";
import { createFeedFixture, namedHash, type FeedFixture } from "../support/feed-fixture.ts";

const coder = AbiCoder.defaultAbiCoder();
const requests = new Interface([
  "error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callbackFunction, bytes extraData)",
  "error OracleDataRequired(address oracleContract, bytes oracleQuery)",
  "error Errors(bytes[] errors)",
  "error FeeRequired(uint256 feeAmount)",
]);
const port: ChainPort = {
  call: () => Promise.reject(new Error("not asked")),
  send: () => Promise.reject(new Error("not sent")),
  encode: (types, values) => coder.encode([...types], [...values]) as `0x${string}`,
  decode: (types, data) => coder.decode([...types], data).toArray(true),
  toError: (data) => new Error(data),
};

let fixture: FeedFixture;
let stage: ChainClientFixture;
let provider: JsonRpcProvider;
let clock = 0;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
  stage = await createChainClientFixture(fixture);
  provider = new JsonRpcProvider(fixture.chain.url, undefined, { cacheTimeout: -1 });
  clock = (await fixture.now()) - 600;
});
afterAll(async () => {
  provider.destroy();
  await stage.close();
});
const publish = (feed: "power" | "gold", text: string): number => {
  clock += 1;
  return stage.publish(feed, text, clock);
};
const options = () => ({
  client: stage.client,
  trust: stage.trust,
  feeds: ["power"],
  oracles: [stage.oracle],
  now: () => clock * 1_000,
});
const lookup = (change: object = {}) =>
  withCryptlets(new Contract(stage.lookup, lookupAbi, provider), { ...options(), ...change });
const probe = (change: object = {}) =>
  withCryptlets(new Contract(stage.oracleProbe, oracleProbeAbi, provider), {
    ...options(),
    ...change,
  });
const refusalOf = async (asked: Promise<unknown>): Promise<unknown> => {
  const error: unknown = await asked.then(
    () => null,
    (reason: unknown) => reason,
  );
  return typeof error === "object" && error !== null && "code" in error ? error.code : error;
};

describe("a contract that asks for too much", () => {
  const question = (feedHash: string) =>
    concat([OBSERVATION_SELECTOR, coder.encode(["bytes32"], [feedHash])]);
  const misuse = (sender: string, data: string, change = {}) =>
    lookup(change).getFunction("misuse")(sender, data) as Promise<unknown>;

  it("is refused in another's name, for what is no feed, and for a feed that was not told", async () => {
    publish("power", "1");
    publish("gold", "1");
    stage.asked.length = 0;
    expect(await refusalOf(misuse(stage.oracle, question(stage.feeds.power.feedHash)))).toBe(
      "CHAIN_LOOKUP_REFUSED",
    );
    for (const data of ["0x", "0xdeadbeef", `${question(namedHash("x"))}00`])
      expect(await refusalOf(misuse(stage.lookup, data))).toBe("CHAIN_LOOKUP_REFUSED");
    expect(stage.asked).toEqual([]);
    expect(await refusalOf(misuse(stage.lookup, question(stage.feeds.gold.feedHash)))).toBe(
      "CHAIN_LOOKUP_REFUSED",
    );
    // Only the names of the told feeds were asked for; no round, and never a URL of the contract's.
    expect(stage.asked.filter((one) => one.startsWith("latest"))).toEqual([]);
  });

  it("is not answered for ever", async () => {
    publish("power", "1");
    const again = misuse(stage.lookup, question(stage.feeds.power.feedHash));
    expect(await refusalOf(again)).toBe("CHAIN_LOOKUP_ENDLESS");
    stage.asked.length = 0;
    const endless = probe().getFunction("insatiable")(stage.feeds.power.feedHash);
    expect(await refusalOf(endless as Promise<unknown>)).toBe("CHAIN_LOOKUP_ENDLESS");
    expect(stage.asked.length).toBeLessThan(12);
  });

  it("is not given what is older than it asks for, nor paid for", async () => {
    publish("power", "1");
    const { feedHash } = stage.feeds.power;
    const late = probe({ now: () => (clock + 500) * 1_000 });
    expect(await refusalOf(late.getFunction("price")(feedHash, 100n) as Promise<unknown>)).toBe(
      "FEED_UPDATE_REFUSED",
    );
    const paid = probe().getFunction("priceWithFee")(feedHash, 100n, 7n);
    expect(await refusalOf(paid as Promise<unknown>)).toBe("CHAIN_FEE_REFUSED");
  });

  it("is refused with requests inside requests, and too many of them", async () => {
    const { feedHash } = stage.feeds.power;
    const one = requests.encodeErrorResult("OracleDataRequired", [
      stage.oracle,
      coder.encode(["bytes32", "uint256"], [feedHash, 5]),
    ]);
    const nest = (data: string, depth: number): string =>
      depth === 0 ? data : requests.encodeErrorResult("Errors", [[nest(data, depth - 1)]]);
    const many = requests.encodeErrorResult("Errors", [Array.from({ length: 33 }, () => one)]);
    const mixed = requests.encodeErrorResult("Errors", [[one, "0xdeadbeef"]]);
    const fee = requests.encodeErrorResult("Errors", [
      [requests.encodeErrorResult("FeeRequired", [1])],
    ]);
    const short = requests.encodeErrorResult("OracleDataRequired", [stage.oracle, "0x00"]);
    for (const data of [nest(one, 5), many, mixed, fee, short, dataSlice(one, 0, 30)])
      expect(await refusalOf(probe().getFunction("fail")(data) as Promise<unknown>)).toBe(
        "CHAIN_LOOKUP_REFUSED",
      );
  });

  it("cannot pull a feed that was not told", async () => {
    const asked = lookup().getFunction("pricePulled")(...pullArguments("gold")) as Promise<unknown>;
    expect(await refusalOf(asked)).toBe("CHAIN_LOOKUP_REFUSED");
  });

  it("says nothing, in any bytes, that ends in another error than these", () => {
    const heads = ["OffchainLookup(address,string[],bytes,bytes4,bytes)", "Errors(bytes[])"].concat(
      ["OracleDataRequired(address,bytes)", "OracleDataRequired(address,bytes,uint256)"],
      ["FeeRequired(uint256)", "Other()"],
    );
    fc.assert(
      fc.property(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 400 }), (head, bytes) => {
        const data = `${selectorOf(head)}${Buffer.from(bytes).toString("hex")}` as const;
        const kind = readChainRequest(port, data)?.kind ?? "none";
        expect(["none", "lookup", "oracle", "fee", "strange"]).toContain(kind);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a fabric that lies", () => {
  const price = (change = {}) => lookup(change).getFunction("priceOf")(1n) as Promise<unknown>;

  it("cannot put an altered, a stranger's or another feed's observation on chain", async () => {
    publish("power", "5");
    stage.replaceBundle("power", (json) => json.replace(/"payload":"(.)/, '"payload":"A'));
    expect(await refusalOf(price())).toBe("FEED_UPDATE_REFUSED");
    publish("power", "5");
    const trust = createPolicy([createSigningKey("ed25519").record]);
    expect(await refusalOf(price({ trust }))).toBe("FEED_UPDATE_REFUSED");
    publish("gold", "5");
    let foreign = "";
    stage.replaceBundle("gold", (json) => (foreign = json));
    stage.replaceBundle("power", () => foreign);
    expect(await refusalOf(price())).toBe("FEED_UPDATE_REFUSED");
    stage.replaceBundle("power", () => "{}");
    expect(await refusalOf(price())).toBe("FEED_UPDATE_REFUSED");
  });

  it("cannot leave the signatures for contracts away", async () => {
    publish("power", "5");
    stage.replaceBundle("power", (json) =>
      JSON.stringify({ ...(JSON.parse(json) as object), onchain: null }),
    );
    expect(await refusalOf(price())).toBe("FEED_UPDATE_REFUSED");
  });
});

describe("the contracts themselves", () => {
  const call = async (method: string, values: readonly unknown[]): Promise<unknown> => {
    const data = lookupAbi.encodeFunctionData(method, values);
    const answer = await fixture.chain.rpc.ask("eth_call", [{ to: stage.lookup, data }, "latest"]);
    if (!answer.ok) {
      const { data: reason } = answer.fault;
      // A list that points behind the calldata ends in Solidity's own refusal, without a name.
      return (reason ?? "0x") === "0x" ? "unnamed" : lookupAbi.parseError(reason ?? "0x")?.name;
    }
    return lookupAbi.decodeFunctionResult(method, String(answer.result)).toArray();
  };
  const extra = coder.encode(["int256"], [1]);
  const answer = async (feed: "power" | "gold", change: object, twice = false) => {
    const { payload, signatures } = await stage.feeds[feed].message(9, change);
    const all = twice ? [...signatures, ...signatures] : signatures;
    return coder.encode(["bytes", "bytes[]"], [payload, all]);
  };
  const taken = async (response: string) => await call("priceOfCallback", [response, extra]);

  it("take what their signers signed, and nothing else", async () => {
    const now = await fixture.now();
    const good = await answer("power", { value: -3n, observedAt: now });
    expect(await taken(good)).toEqual([-3n, BigInt(now)]);
    const rows: readonly (readonly [string, string])[] = [
      [await answer("gold", {}), "WrongFeed"],
      [await answer("power", { observedAt: now - 4_000 }), "ObservationTooOld"],
      [await answer("power", { observedAt: now - 9, validUntil: now - 5 }), "ObservationPast"],
      [await answer("power", { observedAt: now + 900 }), "ObservationFutureDated"],
      [await answer("power", { observedAt: now }, true), "DuplicateSigner"],
      [await answer("power", { signers: [] }), "UnderSigned"],
      [concat([dataSlice(good, 0, 190), "0x01", dataSlice(good, 191)]), "UnknownSigner"],
      [dataSlice(good, 0, 319), "MalformedResponse"],
      [dataSlice(good, 0, 330), "MalformedResponse"],
      ["0x", "MalformedResponse"],
      [concat([coder.encode(["uint256"], [96]), dataSlice(good, 32)]), "MalformedResponse"],
      [
        concat([dataSlice(good, 0, 288), `0x${"ff".repeat(32)}`, dataSlice(good, 320)]),
        "MalformedResponse",
      ],
    ];
    for (const [response, name] of rows)
      expect([name, await taken(response)]).toEqual([name, name]);
  });

  it("never read behind the answer that they were given", async () => {
    const good = await answer("power", { observedAt: await fixture.now() });
    const bytes = Buffer.from(good.slice(2), "hex");
    const sample = fc.sample(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), 60);
    for (const [at, byte] of sample) {
      const altered = Buffer.from(bytes);
      altered[at] = byte;
      const result = await taken(`0x${altered.toString("hex")}`);
      // Padding behind the signature is nobody's business; a value that was signed is the only one there is.
      expect(Array.isArray(result) ? result : await taken(good)).toEqual(await taken(good));
    }
  });

  it("let only the administrator name gateways, few and short", async () => {
    expect(await call("setGateways", [["https://x"]])).toBe("NotRegistry");
    const send = async (urls: readonly string[]) =>
      await fixture.account.send("gateways", {
        to: stage.lookup,
        data: lookupAbi.encodeFunctionData("setGateways", [urls]),
      });
    for (const urls of [[], Array.from({ length: 9 }, () => "x"), [""], ["x".repeat(257)]])
      expect(await refusalOf(send(urls))).toBe("DEPLOYMENT_FAILED");
  });

  it("is run once in the code that the compiler made", async () => {
    expect((await readArtifact("UpdateCallsOnce")).bytecode).toBe(UPDATE_CALLS_ONCE);
    const abi = new Interface((await readArtifact("ICryptletGateway")).abi);
    expect(abi.getFunction("observation")?.selector).toBe(OBSERVATION_SELECTOR);
  });
});

describe("the gateway", () => {
  it("serves clients that know nothing of us, which the contract holds to what was signed", async () => {
    const template = `${stage.url}/v1/ccip/{sender}/{data}.json`;
    await fixture.account.send("gateways", {
      to: stage.lookup,
      data: lookupAbi.encodeFunctionData("setGateways", [[template]]),
    });
    publish("power", "-6.5");
    const plain = new Contract(stage.lookup, lookupAbi, provider);
    const [value] = (await plain.getFunction("priceOf")(2n, { enableCcipRead: true })) as bigint[];
    expect(value).toBe(-1_300_000_000n);
    const reader = createPublicClient({ chain: foundry, transport: http(fixture.chain.url) });
    const [same] = await reader.readContract({
      address: stage.lookup,
      abi: parseAbi(["function priceOf(int256) view returns (int256, uint256)"]),
      functionName: "priceOf",
      args: [2n],
    });
    expect(same).toBe(value);
    stage.replaceBundle("power", (json) => json.replace(/"payload":"AA/g, '"payload":"AB'));
  });

  it.each([
    ["another question", "0xdeadbeef", 400],
    ["no question", "", 400],
    ["a feed that nobody has", `${OBSERVATION_SELECTOR}${"77".repeat(32)}`, 404],
    ["too much", `${OBSERVATION_SELECTOR}${"77".repeat(33)}`, 400],
  ])("refuses %s", async (_what, data, status) => {
    const answered = await fetch(`${stage.url}/v1/ccip/${stage.lookup}/${data}.json`);
    expect(answered.status).toBe(status);
    const sender = await fetch(`${stage.url}/v1/ccip/0x12/${data}.json`);
    expect(sender.status).toBe(400);
  });
});
