import { AbiCoder, Interface } from "ethers";
import { deployContract, registerFeed } from "../../src/adapters/evm/deploy.ts";
import {
  encodeGroupUpdate,
  encodeSubmit,
  encodeUpdate,
} from "../../src/adapters/evm/encode-update.ts";
import { registryAbi } from "../../src/adapters/evm/feed-abi.ts";
import { registerGroup, setFeedGroup } from "../../src/adapters/evm/register-group.ts";
import { receiptSchema } from "../../src/adapters/evm/chain-answers.ts";
import type { SigningKey } from "../../src/crypto/key-record.ts";
import type { Address } from "../../src/core/ids.ts";
import { namedGroupKey } from "./group-key.ts";
import type { TestChain } from "./test-chain.ts";
import {
  addressOf,
  byAddress,
  namedHash,
  namedKey,
  namedSecret,
  verifiers,
  WORKLOAD,
} from "./feed-fixture.ts";
import { createGasStage, GAS_NOT_AFTER, type GasFigures } from "./gas-stage.ts";

/** Rounds until the ring of two has been written all around. */
const WARM_UP = 4;

const probeAbi = new Interface([
  "function latest(address feed) view returns (uint256 cold, uint256 warm)",
]);

/** Deploys everything on a fresh chain and measures each kind of work. */
export const measureGas = async (chain: TestChain): Promise<GasFigures> => {
  const figures: Record<string, number> = {};
  const stage = await createGasStage(chain);
  const { account, contracts, tick, sign } = stage;
  const keys = byAddress(["g1", "g2", "g3"].map(namedKey));

  const used = async (work: Promise<{ gasUsed: bigint }>): Promise<number> =>
    Number((await work).gasUsed);
  const lastUsed = async (): Promise<number> => {
    const block = (await chain.ask("eth_getBlockByNumber", "latest", false)) as {
      transactions: string[];
    };
    const receipt = await chain.ask("eth_getTransactionReceipt", block.transactions[0]);
    return Number(receiptSchema.parse(receipt).gasUsed);
  };

  await tick();
  for (const key of keys) await stage.attest(key, { notAfter: GAS_NOT_AFTER });
  figures["register a key, 2 of 3 verifiers"] = await lastUsed();

  const createFeed = async (
    name: string,
    members: readonly SigningKey[],
    threshold: number,
    ringSize: number,
  ): Promise<Address> =>
    await registerFeed(account, contracts.registry, {
      feedHash: namedHash(name),
      workload: WORKLOAD,
      signers: members.map(addressOf),
      threshold,
      ringSize,
      decimals: 8,
      description: "XAU / USD",
    });
  const publish = async (
    name: string,
    feed: Address,
    [members, threshold]: readonly [readonly SigningKey[], number],
    round: number,
  ): Promise<number> => {
    await tick();
    const set = { threshold, notAfter: GAS_NOT_AFTER, members: members.map(addressOf) };
    const data = encodeUpdate(sign(name, round, members.slice(-threshold)), set);
    if (data === null) throw new Error("the signatures do not fit");
    return await used(account.send(name, { to: feed, data }));
  };

  const settings = [
    ["1 signer, latest + event", 1, 1, 0],
    ["1 signer, ring of true rounds", 1, 1, 2],
    ["3 signers, latest + event", 3, 3, 0],
    ["3 signers, ring of true rounds", 3, 3, 2],
    ["2 of 3 signers, ring of true rounds", 3, 2, 2],
  ] as const;
  for (const [name, count, threshold, ringSize] of settings) {
    await tick();
    const members = keys.slice(0, count);
    const feed = await createFeed(name, members, threshold, ringSize);
    figures["create a feed"] ??= await lastUsed();
    figures[`${name}: first write`] = await publish(name, feed, [members, threshold], 1);
    for (let round = 2; round < WARM_UP; round++)
      await publish(name, feed, [members, threshold], round);
    figures[`${name}: steady`] = await publish(name, feed, [members, threshold], WARM_UP);
  }

  // A group of three, any two of whom sign: what it costs depends on neither number.
  const group = namedGroupKey("gas");
  await tick();
  const attestation = {
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
  await registerGroup(account, contracts.keys, attestation, verifiers.slice(0, 2));
  figures["register a group of 3, 2 of 3 verifiers"] = await lastUsed();
  for (const [name, ringSize] of [
    ["any k of n by a group, latest + event", 0],
    ["any k of n by a group, ring of true rounds", 2],
  ] as const) {
    await tick();
    const feed = await createFeed(name, keys, 2, ringSize);
    const change = { feedHash: namedHash(name), group: group.address };
    await setFeedGroup(account, contracts.registry, change);
    for (let round = 1; round <= WARM_UP; round++) {
      await tick();
      const { payload } = sign(name, round, []);
      const set = { threshold: 2, notAfter: GAS_NOT_AFTER, members: keys.map(addressOf) };
      const message = { payload, signatures: [group.signPayload(payload)] };
      const data = encodeGroupUpdate(message, { ...group, notAfter: GAS_NOT_AFTER });
      const gas = await used(account.send(name, { to: feed, data: data ?? "0x" }));
      if (round === 1) figures[`${name}: first write`] = gas;
      if (round !== WARM_UP) continue;
      figures[`${name}: steady`] = gas;
      await tick();
      const singly = encodeUpdate(sign(name, round + 1, keys.slice(1)), set);
      if (ringSize !== 0)
        figures["2 of 3 signers beside a group, ring of true rounds: steady"] = await used(
          account.send(name, { to: feed, data: singly ?? "0x" }),
        );
    }
  }

  const [name] = settings[1];
  const answer = await account.read(
    contracts.registry,
    registryAbi.encodeFunctionData("feedOf", [namedHash(name)]),
  );
  const [feed] = AbiCoder.defaultAbiCoder().decode(["address"], answer).toArray() as [Address];
  await tick();
  const plain = encodeSubmit(sign(name, WARM_UP + 1, keys.slice(0, 1)));
  figures["1 signer, ring, plain entry: steady"] = await used(
    account.send("submit", { to: feed, data: plain }),
  );
  const probe = await deployContract(account, "ReadProbe");
  const read = await account.read(probe, probeAbi.encodeFunctionData("latest", [feed]));
  const [cold, warm] = probeAbi.decodeFunctionResult("latest", read).toArray() as [bigint, bigint];
  figures["latestRoundData, cold"] = Number(cold);
  figures["latestRoundData, warm"] = Number(warm);
  return figures;
};

/** What `chains.md` asks for, by the figure's name. */
export const gasTargets: GasFigures = {
  "1 signer, latest + event: first write": 50_500,
  "1 signer, latest + event: steady": 33_500,
  "1 signer, ring of true rounds: steady": 41_000,
  "3 signers, latest + event: steady": 43_800,
  "3 signers, ring of true rounds: steady": 52_000,
  "any k of n by a group, latest + event: steady": 36_000,
  "any k of n by a group, ring of true rounds: steady": 44_000,
  "latestRoundData, cold": 5_300,
  "latestRoundData, warm": 750,
};
