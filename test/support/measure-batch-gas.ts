import {
  encodeBatch,
  type BatchForm,
  type SignedBatchPayload,
} from "../../src/adapters/evm/encode-batch.ts";
import { Interface } from "ethers";
import { batchAbi } from "../../src/adapters/evm/batch-abi.ts";
import { deployContract } from "../../src/adapters/evm/deploy.ts";
import {
  deployBatchContracts,
  registerBatch,
  registerBatchFeed,
} from "../../src/adapters/evm/deploy-batch.ts";
import { smallQuantity } from "../../src/adapters/evm/evm-rpc.ts";
import type { Address } from "../../src/core/ids.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import { proveBatchMember } from "../../src/envelope/batch-proof.ts";
import type { Observation } from "../../src/envelope/observation.ts";
import { addressOf, namedKey, WORKLOAD } from "./feed-fixture.ts";
import {
  createGasStage,
  GAS_NOT_AFTER,
  TRANSACTION_GAS,
  type GasFigures,
  type GasStage,
} from "./gas-stage.ts";
import {
  batchHashOf,
  proofArguments,
  batchMembers,
  batchStatement,
  memberFeed,
  memberHash,
  observe,
  signTestBatch,
} from "./batch-fixture.ts";
import type { TestChain } from "./test-chain.ts";

/** Values in the batch whose gas is measured. */
const BATCH_SIZE = 100;
const ROUNDS = 3;
const probeAbi = new Interface([
  "function latest(address feed) view returns (uint256 cold, uint256 warm)",
]);

const measureFacade = async (
  { account, tick }: GasStage,
  at: { readonly registry: Address; readonly batch: Address },
): Promise<GasFigures> => {
  await tick();
  const feed = await registerBatchFeed(account, at.registry, {
    batch: at.batch,
    batchHash: batchHashOf(BATCH_SIZE),
    place: 42,
    decimals: 8,
    description: "XAU / USD",
  });
  await tick();
  const probe = await deployContract(account, "ReadProbe");
  const answer = await account.read(probe, probeAbi.encodeFunctionData("latest", [feed]));
  const [cold, warm] = probeAbi.decodeFunctionResult("latest", answer).toArray() as [
    bigint,
    bigint,
  ];
  return {
    "latestRoundData of a batch's member, cold": Number(cold),
    "latestRoundData of a batch's member, warm": Number(warm),
  };
};

/** Gas of one batch of a hundred changed values in each form, on a fresh chain: whole transactions in steady state. */
export const measureBatches = async (chain: TestChain): Promise<GasFigures> => {
  const fixture = await createGasStage(chain);
  const { account, contracts, tick } = fixture;
  const key = namedKey("batch signer");
  await tick();
  await fixture.attest(key, { notAfter: GAS_NOT_AFTER });
  const figures: Record<string, number> = {};
  const set = { threshold: 1, notAfter: GAS_NOT_AFTER, members: [addressOf(key)] };
  const places = Array.from({ length: BATCH_SIZE }, (_, place) => place);
  for (const [form, ringSize] of [
    ["stored", 0],
    ["packed", 0],
    ["root", 0],
    ["root", 4],
  ] as const satisfies readonly (readonly [BatchForm, number])[]) {
    await tick();
    // One registry per batch: the batch's name is the same each time.
    const { registry } = await deployBatchContracts(account, contracts);
    await tick();
    const batch = await registerBatch(account, registry, {
      batchHash: batchHashOf(BATCH_SIZE),
      members: places.map(memberHash),
      workload: WORKLOAD,
      signers: [addressOf(key)],
      threshold: 1,
      form,
      ringSize,
      ringSpacing: 10,
      description: "all",
    });
    let last: { readonly signed: SignedBatchPayload; readonly statement: Observation } | undefined;
    for (let round = 1; round <= ROUNDS + ringSize; round++) {
      const now = await tick();
      const members = batchMembers(
        places.map((place) => observe(place, { round, observedAt: now })),
      );
      const statement = batchStatement(members, { round, issuedAt: now });
      const signed = signTestBatch(statement, [key]);
      const data = encodeBatch(signed, form, set);
      if (data === null) throw new Error("the signature does not fit");
      const { gasUsed, logs } = await account.send(form, { to: batch, data });
      if (logs.length !== (form === "stored" ? BATCH_SIZE + 1 : 1)) throw new Error("not stored");
      const name = ringSize === 0 ? form : `${form}, ring of ${ringSize}`;
      if (round === 1) figures[`batch of 100, ${name}: first write`] = Number(gasUsed);
      figures[`batch of 100, ${name}: steady`] = Number(gasUsed);
      figures[`batch of 100, ${name}: per value`] = Math.ceil(Number(gasUsed) / BATCH_SIZE);
      last = { signed, statement };
    }
    if (form === "stored")
      Object.assign(figures, await measureFacade(fixture, { registry, batch }));
    if (form === "root" && ringSize === 0 && last) {
      const proof = proveBatchMember(
        last.statement,
        digestOf(last.signed.statement),
        memberFeed(42),
      );
      const data = batchAbi.encodeFunctionData("read", [...proofArguments(proof)]);
      const call = [{ from: account.signer.address, to: batch, data }, "latest"];
      // What a consumer pays beside its own transaction: the proof's calldata is in it.
      const gas = await account.rpc.call(smallQuantity, "eth_estimateGas", call);
      figures["read from a root of 100 with its proof, over the 21,000"] = gas - TRANSACTION_GAS;
    }
  }
  return figures;
};

/** What the project asks for, by the figure's name. */
export const batchGasTargets: GasFigures = {
  "batch of 100, stored: per value": 8_000,
  "batch of 100, packed: per value": 1_900,
  "batch of 100, root: per value": 330,
};
