import { readFileSync } from "node:fs";
import { AbiCoder, concat, Interface } from "ethers";
import { z } from "zod";
import { registerFeed } from "../../src/adapters/evm/deploy.ts";
import { deployFacade } from "../../src/adapters/evm/deploy-facade.ts";
import type { SignedPayload } from "../../src/adapters/evm/encode-update.ts";
import { forwarderAbi, pythAbi } from "../../src/adapters/evm/facade-abi.ts";
import { registerGroup, setFeedGroup } from "../../src/adapters/evm/register-group.ts";
import { addressSchema, type Address } from "../../src/core/ids.ts";
import { bytesToHex } from "../../src/crypto/bytes.ts";
import type { SigningKey } from "../../src/crypto/key-record.ts";
import {
  addressOf,
  byAddress,
  namedHash,
  namedKey,
  namedSecret,
  verifiers,
  WORKLOAD,
} from "./feed-fixture.ts";
import { packedPythUpdate } from "./facade-fixture.ts";
import { namedGroupKey } from "./group-key.ts";
import { createGasStage, GAS_NOT_AFTER, TRANSACTION_GAS, type GasFigures } from "./gas-stage.ts";
import type { TestChain } from "./test-chain.ts";

/** Rounds until the ring of two has been written all around. */
const WARM_UP = 4;

const probeAbi = new Interface([
  "function pyth(address facade, bytes32 id) view returns (uint256 cold, uint256 warm)",
  "function api3(address facade) view returns (uint256 cold, uint256 warm)",
  "function chronicle(address facade) view returns (uint256 cold, uint256 warm)",
]);
const consumerAbi = new Interface(["function setConfig(address[], address[], bytes10[])"]);

const hex = (bytes: Uint8Array): string => `0x${bytesToHex(bytes)}`;
const updateOf = ({ payload, signatures }: SignedPayload, form: "00" | "01"): string =>
  `0x${form}${bytesToHex(payload)}${signatures.map(bytesToHex).join("")}`;
const bytecodeOf = (name: string): string => {
  // Compiled, as benches run it, this file lies in dist itself.
  const folder = import.meta.url.endsWith(".js") ? "../../" : "../../dist/";
  const file = new URL(`${folder}test-contracts/${name}.json`, import.meta.url);
  return z.object({ bytecode: z.string() }).parse(JSON.parse(readFileSync(file, "utf8"))).bytecode;
};

/** Deploys feeds and facades on a fresh chain and measures reads through them, updates and reports. */
export const measureFacadeGas = async (chain: TestChain): Promise<GasFigures> => {
  const figures: Record<string, number> = {};
  const stage = await createGasStage(chain);
  const { account, contracts, tick, sign } = stage;
  const { registry } = contracts;
  const keys = byAddress(["g1", "g2", "g3"].map(namedKey));
  const group = namedGroupKey("facade gas");
  const deployConsumer = async (name: string): Promise<Address> => {
    const receipt = await account.send(name, { to: null, data: bytecodeOf(name) });
    return addressSchema.parse(receipt.contractAddress);
  };
  const send = async (to: Address, data: string): Promise<number> =>
    Number((await account.send("measured", { to, data })).gasUsed);

  await tick();
  for (const key of keys) await stage.attest(key, { notAfter: GAS_NOT_AFTER });
  const point = {
    key: group.address,
    x: group.x,
    parity: group.parity,
    k: 2,
    epoch: 0,
    members: keys.map(addressOf),
    workload: WORKLOAD,
    tee: "simulator",
    hardware: false,
    svn: 1,
    notAfter: GAS_NOT_AFTER,
    evidenceId: namedSecret("evidence"),
    policyDigest: namedSecret("policy"),
  } as const;
  await registerGroup(account, contracts.keys, point, verifiers.slice(0, 2));

  const createFeed = (name: string, signers: readonly SigningKey[]): Promise<Address> =>
    registerFeed(account, registry, {
      feedHash: namedHash(name),
      workload: WORKLOAD,
      signers: signers.map(addressOf),
      threshold: signers.length,
      ringSize: 2,
      decimals: 8,
      description: name,
    });

  const kinds = ["1 signer", "3 signers", "any k of n by a group"] as const;
  const signersOf = { "1 signer": keys.slice(0, 1), "3 signers": keys } as const;
  const messageOf = (kind: (typeof kinds)[number], name: string, round: number) => {
    if (kind !== "any k of n by a group") return sign(name, round, signersOf[kind]);
    const { payload } = sign(name, round, []);
    return { payload, signatures: [group.signPayload(payload)] };
  };
  const formOf = (kind: (typeof kinds)[number]) => (kind === "any k of n by a group" ? "01" : "00");
  const feeds: Address[] = [];
  for (const kind of kinds) {
    const feed = await createFeed(
      `facade, ${kind}`,
      kind === "1 signer" ? keys.slice(0, 1) : keys.slice(0, kind === "3 signers" ? 3 : 2),
    );
    if (kind === "any k of n by a group")
      await setFeedGroup(account, registry, {
        feedHash: namedHash(`facade, ${kind}`),
        group: group.address,
      });
    feeds.push(feed);
  }
  const [feed = addressSchema.parse(registry)] = feeds;

  const remember = kinds.map((kind) => namedHash(`facade, ${kind}`));
  const pyth = await deployFacade(account, { kind: "pyth", registry, remember });
  const plain = await deployFacade(account, { kind: "pyth", registry });
  const api3 = await deployFacade(account, { kind: "api3", feed });
  const chronicle = await deployFacade(account, { kind: "chronicle", feed, wat: "XAU/USD" });
  const forwarder = await deployFacade(account, { kind: "forwarder", registry, remember });
  const probe = await deployConsumer("FacadeProbe");
  const receiver = await deployConsumer("KeystoneReceiver");
  const names = await Promise.all(kinds.map((kind) => shortNameOf(`facade, ${kind}`)));
  await send(
    receiver,
    consumerAbi.encodeFunctionData("setConfig", [[forwarder], [registry], names]),
  );

  for (const kind of kinds) {
    const name = `facade, ${kind}`;
    for (let round = 1; round <= WARM_UP; round++) {
      await tick();
      const message = messageOf(kind, name, round);
      const update = updateOf(message, formOf(kind));
      const data = pythAbi.encodeFunctionData("updatePriceFeeds", [[update]]);
      const gas = await send(pyth, data);
      if (round === 1) figures[`Pyth push, ${kind}: first write`] = gas;
      if (round === WARM_UP) figures[`Pyth push, ${kind}: steady`] = gas;
    }
    await tick();
    const next = messageOf(kind, name, WARM_UP + 1);
    const count = kind === "any k of n by a group" ? 2 : signersOf[kind].length;
    const set = {
      threshold: count,
      notAfter: GAS_NOT_AFTER,
      members: keys.slice(0, count).map(addressOf),
    };
    const packed = packedPythUpdate(
      next,
      kind === "any k of n by a group"
        ? { ...set, group: { ...group, notAfter: GAS_NOT_AFTER } }
        : set,
    );
    const packedPush = pythAbi.encodeFunctionData("updatePriceFeeds", [[packed]]);
    figures[`Pyth push packed, ${kind}: steady`] = await send(pyth, packedPush);
    await tick();
    const parsed = messageOf(kind, name, WARM_UP);
    const pull = pythAbi.encodeFunctionData("parsePriceFeedUpdates", [
      [updateOf(parsed, formOf(kind))],
      [namedHash(name)],
      0,
      2n ** 63n,
    ]);
    figures[`Pyth pull, ${kind}: over the 21,000`] = (await send(pyth, pull)) - TRANSACTION_GAS;
    for (let round = 1; round <= 2; round++) {
      await tick();
      const { payload, signatures } = messageOf(kind, name, round);
      const data = forwarderAbi.encodeFunctionData("report", [
        receiver,
        hex(payload),
        "0x",
        signatures.map(hex),
      ]);
      const gas = await send(forwarder, data);
      if (round === 2) figures[`Keystone report to its published consumer, ${kind}: steady`] = gas;
    }
  }

  const measure = async (name: string, method: string, values: readonly unknown[]) => {
    const answer = await account.read(probe, probeAbi.encodeFunctionData(method, [...values]));
    const [cold, warm] = AbiCoder.defaultAbiCoder()
      .decode(["uint256", "uint256"], answer)
      .toArray() as [bigint, bigint];
    figures[`${name}, cold`] = Number(cold);
    figures[`${name}, warm`] = Number(warm);
  };
  const [id] = remember;
  await measure("Pyth getPriceUnsafe", "pyth", [pyth, id]);
  await measure("Pyth getPriceUnsafe of a feed that nobody had remembered", "pyth", [plain, id]);
  await measure("API3 read", "api3", [api3]);
  await measure("Chronicle readWithAge", "chronicle", [chronicle]);
  return figures;
};

/** What Keystone's consumer knows a workflow by: first ten hex characters of the name's SHA-256. */
const shortNameOf = async (text: string): Promise<string> => {
  const digest = await globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const short = bytesToHex(new Uint8Array(digest)).slice(0, 10);
  return concat([new TextEncoder().encode(short)]);
};

/** Peers' real contracts (whole transactions in steady state, Osaka rules; pulls over the 21,000), by our figure's name. */
export const facadePeers: readonly {
  readonly ours: string;
  readonly name: string;
  readonly gas: number;
}[] = [
  { ours: "Pyth push packed, 1 signer: steady", name: "Pyth Lazer, 1 signer", gas: 69_224 },
  { ours: "Pyth push, 3 signers: steady", name: "Pyth, 3 of 4", gas: 110_456 },
  { ours: "Pyth push, any k of n by a group: steady", name: "Pyth, 13 of 19", gas: 193_539 },
  {
    ours: "Keystone report to its published consumer, any k of n by a group: steady",
    name: "Chainlink CRE, f = 10",
    gas: 198_170,
  },
  { ours: "API3 read, cold", name: "API3's proxy", gas: 22_204 },
  { ours: "API3 read, warm", name: "API3's proxy", gas: 4_215 },
];
