import { encodeBatch, type BatchForm } from "../../src/adapters/evm/encode-batch.ts";
import { deployBatchContracts, registerBatch } from "../../src/adapters/evm/deploy-batch.ts";
import { registerKey } from "../../src/adapters/evm/register-key.ts";
import type { FeedFixture } from "./feed-fixture.ts";
import { addressOf, namedKey, namedSecret, verifiers, WORKLOAD } from "./feed-fixture.ts";
import {
  batchHashOf,
  batchMembers,
  batchStatement,
  memberHash,
  observe,
  signTestBatch,
} from "./batch-fixture.ts";
import type { GasFigures } from "./measure-gas.ts";

/** Values in the batch whose gas is measured. */
export const BATCH_SIZE = 100;
const ROUNDS = 3;

/**
 * Gas of one batch of a hundred changed values in each form, whole transaction in steady state. `tick` sets the chain's
 * next time and gives it, so that calldata, and so its price, is the same in every run.
 */
export const measureBatchGas = async (
  fixture: FeedFixture,
  tick: () => Promise<number>,
  notAfter: number,
): Promise<GasFigures> => {
  const { account, contracts } = fixture;
  const key = namedKey("batch signer");
  await tick();
  await registerKey(
    account,
    contracts.keys,
    {
      key: addressOf(key),
      workload: WORKLOAD,
      tee: "simulator",
      hardware: false,
      svn: 1,
      notAfter,
      evidenceId: namedSecret("evidence"),
      policyDigest: namedSecret("policy"),
    },
    verifiers.slice(0, 2),
  );
  const figures: Record<string, number> = {};
  const set = { threshold: 1, notAfter, members: [addressOf(key)] };
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
    const batch = await registerBatch(account, registry, {
      batchHash: batchHashOf(BATCH_SIZE),
      members: places.map(memberHash),
      workload: WORKLOAD,
      signers: [addressOf(key)],
      threshold: 1,
      ringSize,
      ringSpacing: 10,
      description: "all",
    });
    for (let round = 1; round <= ROUNDS + ringSize; round++) {
      const now = await tick();
      const members = batchMembers(
        places.map((place) => observe(place, { round, observedAt: now })),
      );
      const signed = signTestBatch(batchStatement(members, { round, issuedAt: now }), [key]);
      const data = encodeBatch(signed, form, set);
      if (data === null) throw new Error("the signature does not fit");
      const { gasUsed, logs } = await account.send(form, { to: batch, data });
      if (logs.length !== (form === "stored" ? BATCH_SIZE + 1 : 1)) throw new Error("not stored");
      const name = ringSize === 0 ? form : `${form}, ring of ${ringSize}`;
      if (round === 1) figures[`batch of 100, ${name}: first write`] = Number(gasUsed);
      figures[`batch of 100, ${name}: steady`] = Number(gasUsed);
      figures[`batch of 100, ${name}: per value`] = Math.ceil(Number(gasUsed) / BATCH_SIZE);
    }
  }
  return figures;
};
