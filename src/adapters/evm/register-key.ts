import { TypedDataEncoder } from "ethers";
import { z } from "zod";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Address } from "../../core/ids.ts";
import { bytesToPrefixedHex, hexToBytes } from "../../crypto/bytes.ts";
import type { EvmAccount } from "./evm-account.ts";
import { keysAbi } from "./feed-abi.ts";
import { keyStatuses, type KeyStatus } from "./refusal.ts";
import type { TransactionSigner } from "./transaction-signer.ts";

/** Trusted execution environments by the number that the contract knows them by. */
export const teeNumbers = { simulator: 0, sgx: 1, tdx: 2, "sev-snp": 3, nitro: 4 } as const;

/** What verifiers state about one key (EIP-712 type `AttestationResult`). */
export interface KeyAttestation {
  readonly key: Address;
  /** Measurement of the code that holds the key: 32 bytes, `0x` hex. */
  readonly workload: string;
  readonly tee: keyof typeof teeNumbers;
  /** False for every simulated key. */
  readonly hardware: boolean;
  /** Security version of the code. */
  readonly svn: number;
  /** Last second of validity. */
  readonly notAfter: number;
  /** Digest of the evidence's signed part: 32 bytes, `0x` hex. */
  readonly evidenceId: string;
  /** Digest of the policy it was appraised under: 32 bytes, `0x` hex. */
  readonly policyDigest: string;
}

/** A key's record on chain. */
export interface OnchainKey extends Omit<KeyAttestation, "key" | "tee"> {
  readonly tee: number;
  readonly status: KeyStatus;
  /** Number that the next result must carry. */
  readonly nonce: bigint;
}

/** Fields of the EIP-712 type `AttestationResult`. */
export const resultType = [
  ["key", "address"],
  ["workload", "bytes32"],
  ["tee", "uint8"],
  ["hardware", "bool"],
  ["svn", "uint32"],
  ["notAfter", "uint64"],
  ["evidenceId", "bytes32"],
  ["policyDigest", "bytes32"],
  ["nonce", "uint64"],
].map(([name = "", type = ""]) => ({ name, type }));

const statusType = [
  { name: "key", type: "address" },
  { name: "status", type: "uint8" },
  { name: "nonce", type: "uint64" },
];

const recordSchema = z.tuple([
  z.string(),
  z.string(),
  z.string(),
  z.bigint().transform(Number),
  z.bigint().transform(Number),
  z.bigint().transform(Number),
  z.boolean(),
  z.bigint().transform((status) => keyStatuses[Number(status)] ?? "NONE"),
  z.bigint(),
  z.bigint(),
]);

/** The record of a key; status `NONE` when it was never registered. */
export const readKey = async (
  account: EvmAccount,
  keys: Address,
  key: Address,
): Promise<OnchainKey> => {
  const data = await account.read(keys, keysAbi.encodeFunctionData("keyOf", [key]));
  const [record] = keysAbi.decodeFunctionResult("keyOf", data).toArray();
  const [workload, evidenceId, policyDigest, notAfter, svn, tee, hardware, status, nonce] =
    recordSchema.parse([...(record as Iterable<unknown>)]);
  return { workload, evidenceId, policyDigest, notAfter, svn, tee, hardware, status, nonce };
};

const byAddress = (a: TransactionSigner, b: TransactionSigner): number =>
  a.address < b.address ? -1 : a.address > b.address ? 1 : 0;

type TypedFields = Record<string, { name: string; type: string }[]>;

/** Verifiers' signatures over EIP-712 data of `CryptletKeys`, in the order that the contract asks for. */
export const signTyped = async (
  account: EvmAccount,
  keys: Address,
  verifiers: readonly TransactionSigner[],
  [types, value]: readonly [TypedFields, Record<string, unknown>],
): Promise<readonly string[]> => {
  const domain = {
    name: "CryptletKeys",
    version: "1",
    chainId: await account.chainId(),
    verifyingContract: keys,
  };
  // The bytes whose keccak-256 is signed: 0x1901, domain separator, struct hash.
  const message = hexToBytes(TypedDataEncoder.encode(domain, types, value));
  const signatures = verifiers
    .toSorted(byAddress)
    .map(async (verifier) => bytesToPrefixedHex(await verifier.sign(message)));
  return await Promise.all(signatures);
};

/**
 * Registers or renews a signing key by its verifiers' results. Throws `DEPLOYMENT_FAILED`.
 * @example
 * ```ts
 * await registerKey(account, contracts.keys, attestation, [verifier]);
 * ```
 */
export const registerKey = async (
  account: EvmAccount,
  keys: Address,
  attestation: KeyAttestation,
  verifiers: readonly TransactionSigner[],
  options?: { signal?: AbortSignal },
): Promise<void> => {
  const { nonce } = await readKey(account, keys, attestation.key);
  const result = { ...attestation, tee: teeNumbers[attestation.tee], nonce };
  const signatures = await signTyped(account, keys, verifiers, [
    { AttestationResult: resultType },
    result,
  ]);
  const data = keysAbi.encodeFunctionData("register", [result, signatures]);
  await account.send(`key ${attestation.key}`, { to: keys, data }, options);
};

/**
 * Sets a key's status in every feed at once: by the verifiers' results, or alone where the account is a revoker.
 * Throws `DEPLOYMENT_FAILED`.
 */
export const setKeyStatus = async (
  account: EvmAccount,
  keys: Address,
  change: { readonly key: Address; readonly status: KeyStatus },
  verifiers: readonly TransactionSigner[] = [],
  options?: { signal?: AbortSignal },
): Promise<void> => {
  const status = keyStatuses.indexOf(change.status);
  if (status < 1)
    throw fabricError("DEPLOYMENT_FAILED", { what: `key ${change.key}`, reason: "status NONE" });
  const { nonce } = await readKey(account, keys, change.key);
  const data =
    verifiers.length === 0
      ? keysAbi.encodeFunctionData("setStatus", [change.key, status])
      : keysAbi.encodeFunctionData("setStatusByVerifiers", [
          change.key,
          status,
          nonce,
          await signTyped(account, keys, verifiers, [
            { StatusResult: statusType },
            { key: change.key, status, nonce },
          ]),
        ]);
  await account.send(`status of key ${change.key}`, { to: keys, data }, options);
};
