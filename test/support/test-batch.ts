import { batchAbi } from "../../src/adapters/evm/batch-abi.ts";
import { deployBatchContracts, registerBatch } from "../../src/adapters/evm/deploy-batch.ts";
import {
  encodeBatch,
  type BatchForm,
  type SignedBatchPayload,
} from "../../src/adapters/evm/encode-batch.ts";
import { createFeedContract } from "../../src/adapters/evm/feed-contract.ts";
import type { EvmReceipt } from "../../src/adapters/evm/chain-answers.ts";
import type { Address } from "../../src/core/ids.ts";
import type { SigningKey } from "../../src/crypto/key-record.ts";
import type { BatchMember } from "../../src/envelope/batch-members.ts";
import type { Observation } from "../../src/envelope/observation.ts";
import { batchHashOf, batchStatement, memberHash, signTestBatch } from "./batch-fixture.ts";
import { addressOf, byAddress, WORKLOAD, type FeedFixture } from "./feed-fixture.ts";

/** One batch contract with the means to sign for it and to ask it. */
export interface TestBatch {
  readonly address: Address;
  /** The rules that it delegates to. */
  readonly logic: Address;
  readonly keys: readonly SigningKey[];
  /** A signed batch of these members; `issuedAt` is seconds. */
  sign(
    members: readonly BatchMember[],
    facts: Parameters<typeof batchStatement>[1],
    signers?: readonly SigningKey[],
  ): SignedBatchPayload & { readonly statementOf: Observation };
  /** Calldata for the current signers. Throws where the signatures do not fit them. */
  encode(batch: SignedBatchPayload, form: BatchForm): Promise<string>;
  /** Name of the error that the call ends with; null when it would be accepted. */
  refusal(data: string): Promise<string | null>;
  send(data: string): Promise<EvmReceipt>;
  /** Names of the batch's events in a receipt. */
  events(receipt: EvmReceipt): readonly string[];
  read(method: string, ...values: readonly unknown[]): Promise<readonly unknown[]>;
  /** Every slot that a batch can change. */
  state(): Promise<readonly unknown[]>;
}

/** Attests the keys, deploys the rules and registers a batch of `size` members. */
export const createTestBatch = async (
  fixture: FeedFixture,
  options: {
    readonly keys: readonly SigningKey[];
    readonly size: number;
    readonly threshold?: number;
    /** Default `root`. */
    readonly form?: BatchForm;
    readonly ringSize?: number;
  },
): Promise<TestBatch> => {
  const { account, contracts } = fixture;
  const { size, ringSize = 0 } = options;
  const keys = byAddress(options.keys);
  for (const key of keys) await fixture.attest(key);
  const { registry, logic } = await deployBatchContracts(account, contracts);
  const address = await registerBatch(account, registry, {
    batchHash: batchHashOf(size),
    members: Array.from({ length: size }, (_, place) => memberHash(place)),
    workload: WORKLOAD,
    signers: keys.map(addressOf),
    threshold: options.threshold ?? keys.length,
    form: options.form ?? "root",
    ringSize,
    ringSpacing: 1,
    description: "test",
  });
  const contract = createFeedContract(account.rpc);
  const read: TestBatch["read"] = async (method, ...values) => {
    const data = batchAbi.encodeFunctionData(method, [...values]);
    return batchAbi.decodeFunctionResult(method, await account.read(address, data)).toArray();
  };
  return {
    address,
    logic,
    keys,
    sign: (members, facts, signers = keys) => {
      const statementOf = batchStatement(members, facts);
      return { ...signTestBatch(statementOf, signers), statementOf };
    },
    encode: async (batch, form) => {
      const data = encodeBatch(batch, form, await contract.signerSet(address, { refresh: true }));
      if (data === null) throw new Error("the signatures do not fit the signer set");
      return data;
    },
    refusal: async (data) => {
      const call = { from: account.signer.address, to: address, data };
      const answer = await account.rpc.ask("eth_call", [call, "latest"]);
      if (answer.ok) return null;
      const revert = answer.fault.data ?? "0x";
      if (revert === "0x") return "no reason";
      return batchAbi.parseError(revert)?.name ?? (await nameOf(contract, call));
    },
    send: async (data) => await account.send("batch", { to: address, data }),
    events: ({ logs }) =>
      logs
        .filter((log) => log.address.toLowerCase() === address)
        .map((log) => batchAbi.parseLog(log)?.name ?? "?"),
    read,
    state: async () => [
      await fixture.chain.ask("eth_getStorageAt", address, "0x0", "latest"),
      ...(await Promise.all(
        Array.from({ length: size }, async (_, place) => [
          ...(await read("itemAt", place)),
          ...(await read("packedAt", place)),
        ]),
      )),
    ],
  };
};

/** What is no error of a batch is one of its signer set: known by the adapter's code. */
const nameOf = async (
  contract: ReturnType<typeof createFeedContract>,
  call: { readonly from: Address; readonly to: Address; readonly data: string },
): Promise<string> => {
  const outcome = await contract.simulate(call);
  return outcome.ok ? "none" : outcome.refusal.code;
};
