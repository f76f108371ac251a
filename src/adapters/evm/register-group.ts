import { z } from "zod";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Address, FeedHash } from "../../core/ids.ts";
import type { EvmAccount } from "./evm-account.ts";
import { keysAbi, registryAbi } from "./feed-abi.ts";
import { readKey, resultType, signTyped, teeNumbers, type KeyAttestation } from "./register-key.ts";
import type { TransactionSigner } from "./transaction-signer.ts";

/**
 * What verifiers state about a group's key, having appraised the evidence of each member for its part in making the key
 * (EIP-712 type `GroupResult`). `key` is the address of the point.
 */
export interface GroupAttestation extends KeyAttestation {
  /** X coordinate of the group's point. */
  readonly x: bigint;
  /** 27 for an even y, 28 for an odd one. */
  readonly parity: 27 | 28;
  /** Members that must sign together. */
  readonly k: number;
  /** Number of the sharing: other members or another k need a higher one. */
  readonly epoch: number;
  /** The members' own keys on chain, in use and attested for the same workload; sorted here. */
  readonly members: readonly Address[];
}

/** What the chain has of a group besides its key's record. */
export interface OnchainGroup {
  readonly x: bigint;
  /** 27 for an even y of the key's point, 28 for an odd one. */
  readonly parity: number;
  readonly k: number;
  readonly epoch: number;
  /** A member is compromised, or fewer than k are left. */
  readonly suspended: boolean;
  readonly membersDigest: string;
}

interface Options {
  readonly signal?: AbortSignal;
}

const groupResultType = [
  ["result", "AttestationResult"],
  ["x", "uint256"],
  ["parity", "uint8"],
  ["k", "uint8"],
  ["epoch", "uint32"],
  ["members", "address[]"],
].map(([name = "", type = ""]) => ({ name, type }));

const small = z.bigint().transform(Number);
const groupSchema = z.tuple([z.bigint(), small, small, small, z.boolean(), z.string()]);

/** The group behind a key; null when the key is not a group's. */
export const readGroup = async (
  account: EvmAccount,
  keys: Address,
  key: Address,
): Promise<OnchainGroup | null> => {
  const data = await account.read(keys, keysAbi.encodeFunctionData("groupOf", [key]));
  const [record] = keysAbi.decodeFunctionResult("groupOf", data).toArray();
  const [x, parity, k, epoch, suspended, membersDigest] = groupSchema.parse([
    ...(record as Iterable<unknown>),
  ]);
  return k === 0 ? null : { x, parity, k, epoch, suspended, membersDigest };
};

/**
 * Registers a group's key, renews it, or gives it other members after a resharing. Throws `DEPLOYMENT_FAILED`.
 * @example
 * ```ts
 * await registerGroup(account, contracts.keys, attestation, [verifier]);
 * await setFeedGroup(account, contracts.registry, { feedHash, group: attestation.key });
 * ```
 */
export const registerGroup = async (
  account: EvmAccount,
  keys: Address,
  { x, parity, k, epoch, members, ...attestation }: GroupAttestation,
  verifiers: readonly TransactionSigner[],
  options?: Options,
): Promise<void> => {
  const { nonce } = await readKey(account, keys, attestation.key);
  const group = {
    result: { ...attestation, tee: teeNumbers[attestation.tee], nonce },
    x,
    parity,
    k,
    epoch,
    members: members.toSorted(),
  };
  const types = { GroupResult: groupResultType, AttestationResult: resultType };
  const signatures = await signTyped(account, keys, verifiers, [types, group]);
  const data = keysAbi.encodeFunctionData("registerGroup", [group, signatures]);
  await account.send(`group ${attestation.key}`, { to: keys, data }, options);
};

/** Admits a group beside a feed's list, or none (null). Throws `DEPLOYMENT_FAILED`. */
export const setFeedGroup = async (
  account: EvmAccount,
  registry: Address,
  change: { readonly feedHash: FeedHash; readonly group: Address | null },
  options?: Options,
): Promise<void> => {
  const group = change.group ?? `0x${"0".repeat(40)}`;
  const data = registryAbi.encodeFunctionData("setGroup", [change.feedHash, group]);
  await account.send(`group of feed ${change.feedHash}`, { to: registry, data }, options);
};

const FLOOR_LIMIT = 0xffff_ffff;
const floorType = [
  { name: "workload", type: "bytes32" },
  { name: "floor", type: "uint32" },
];

/**
 * Refuses keys of a workload below a security version, for ever: by the verifiers' results, or alone where the account is
 * a revoker. `keys` are those whose feeds learn of it in the same transaction; `pushKeys` reaches the others.
 * Throws `DEPLOYMENT_FAILED`.
 */
export const raiseSvnFloor = async (
  account: EvmAccount,
  contract: Address,
  change: {
    readonly workload: string;
    readonly floor: number;
    readonly keys: readonly Address[];
  },
  verifiers: readonly TransactionSigner[] = [],
  options?: Options,
): Promise<void> => {
  const { workload, floor, keys } = change;
  const what = `floor of workload ${workload}`;
  if (!Number.isInteger(floor) || floor < 1 || floor > FLOOR_LIMIT)
    throw fabricError("DEPLOYMENT_FAILED", { what, reason: `${floor} is no security version` });
  const data =
    verifiers.length === 0
      ? keysAbi.encodeFunctionData("raiseSvnFloor", [workload, floor, keys])
      : keysAbi.encodeFunctionData("raiseSvnFloorByVerifiers", [
          workload,
          floor,
          keys,
          await signTyped(account, contract, verifiers, [
            { FloorResult: floorType },
            { workload, floor },
          ]),
        ]);
  await account.send(what, { to: contract, data }, options);
};

/** Has every feed of these keys read them again; anybody may. Throws `DEPLOYMENT_FAILED`. */
export const pushKeys = async (
  account: EvmAccount,
  contract: Address,
  keys: readonly Address[],
  options?: Options,
): Promise<void> => {
  const data = keysAbi.encodeFunctionData("push", [keys]);
  await account.send("push of keys", { to: contract, data }, options);
};
