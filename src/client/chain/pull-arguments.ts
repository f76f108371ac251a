import { bytesToHex } from "../../crypto/bytes.ts";
import { keccak256 } from "../../crypto/hashes.ts";
import type { ChainCall, ChainPort, Hex } from "./chain-port.ts";
import { selectorOf } from "./selectors.ts";
import * as z from "zod";
import type { OnchainForm } from "../onchain-form.ts";
import { packReport, type FeedSigners } from "../pack-report.ts";

const hashOf = (text: string): string => bytesToHex(keccak256(new TextEncoder().encode(text)));

/** Where a report would stand: no report begins like it, as its round is above any that a contract takes. */
const markOf = (): string => `ffffffff${hashOf("cryptlet-fabric pull arguments").slice(8)}`;

/**
 * Stand in for the last two arguments, `report` and `statementDigest`, of a function that pulls (`PullConsumer`).
 * `withCryptlets` and `cryptletActions` put the newest verified observation of the feed in their place, and its
 * signatures behind them. A contract that gets them as they are refuses them.
 * @example
 * ```ts
 * import { pullArguments } from "cryptlet-fabric/client/ethers";
 *
 * const [report, statementDigest] = pullArguments("xau-usd");
 * // await consumer.borrow(5n, report, statementDigest), or: await consumer.borrow(5n, ...pullArguments("xau-usd"))
 * console.log(typeof report, statementDigest.length); // bigint 66
 * ```
 */
export const pullArguments = (feed: string): readonly [report: bigint, statementDigest: Hex] => [
  BigInt(`0x${markOf()}`),
  `0x${hashOf(feed)}`,
];

/** Which of these feeds the call asks to pull; null where it asks for none, undefined where for another one. */
export const pulledFeed = (
  call: ChainCall,
  feeds: readonly string[],
): string | null | undefined => {
  const { data } = call;
  if (data.length < 10 + 128 || data.slice(-128, -64).toLowerCase() !== markOf()) return null;
  return feeds.find((feed) => hashOf(feed) === data.slice(-64).toLowerCase());
};

const setSchema = z.tuple([
  z.union([z.bigint(), z.int()]),
  z.union([z.bigint(), z.int()]),
  z.array(z.string().regex(/^0x[0-9a-fA-F]{40}$/)).max(32),
]);
const groupSchema = z.tuple([
  z.string(),
  z.bigint(),
  z.union([z.bigint(), z.int()]),
  z.union([z.bigint(), z.int()]),
]);

const readSigners = async (port: ChainPort, call: ChainCall): Promise<FeedSigners> => {
  const ask = async (signature: string, types: readonly string[]) => {
    const outcome = await port.call({ ...call, data: selectorOf(signature), value: 0n });
    if (!outcome.ok) throw outcome.error;
    return [...port.decode(types, outcome.data)];
  };
  const [threshold, notAfter, members] = setSchema.parse(
    await ask("signerSet()", ["uint8", "uint32", "address[]"]),
  );
  const [group, x, parity, groupEnd] = groupSchema.parse(
    await ask("groupKey()", ["address", "uint256", "uint8", "uint32"]),
  );
  return {
    threshold: Number(threshold),
    notAfter: Number(notAfter),
    members,
    ...(BigInt(group) === 0n
      ? {}
      : { group: { x, parity: Number(parity), notAfter: Number(groupEnd) } }),
  };
};

/** The call with an observation in place of the marks, packed for the signers that the contract has now. */
export const pullInto = async (
  port: ChainPort,
  call: ChainCall,
  form: OnchainForm,
): Promise<ChainCall> => {
  const { report, digest, proof } = packReport(form, await readSigners(port, call));
  return { ...call, data: `${call.data.slice(0, -128) as Hex}${report}${digest}${proof}` };
};
