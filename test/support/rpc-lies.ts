import { Transaction } from "ethers";
import type { Interference, RpcQuestion, RpcRule } from "./rpc-gate.ts";

const isBroadcast = ({ method }: RpcQuestion): boolean => method === "eth_sendRawTransaction";

const hex = (value: number): string => `0x${value.toString(16)}`;

/** Takes a broadcast, hands it on, and breaks the connection instead of answering: the first `times` of them. */
export const breakAfterBroadcast = (times = Number.POSITIVE_INFINITY): RpcRule => {
  let left = times;
  return (question) => {
    if (!isBroadcast(question) || left <= 0) return null;
    left -= 1;
    return { kind: "break", forward: true };
  };
};

/** Takes a broadcast, hands it on, and never answers: the asker's own time-out ends it. */
export const silenceAfterBroadcast = (times: number): RpcRule => {
  let left = times;
  return (question) => {
    if (!isBroadcast(question) || left <= 0) return null;
    left -= 1;
    return { kind: "silence", forward: true };
  };
};

/** Every `nth` question of any kind gets a 500. */
export const failEvery = (nth: number): RpcRule => {
  let count = 0;
  return () => {
    count += 1;
    return count % nth === 0 ? { kind: "status", status: 500 } : null;
  };
};

/** Says that it took each broadcast and throws it away: the first `times` of them. */
export const swallowBroadcasts = (times = Number.POSITIVE_INFINITY): RpcRule => {
  let left = times;
  return (question) => {
    if (!isBroadcast(question) || left <= 0) return null;
    left -= 1;
    return { kind: "result", result: Transaction.from(String(question.params[0])).hash };
  };
};

/** Counts the account's transactions wrongly by so many, whatever block is asked for. */
export const lieAboutNonce =
  (offset: number): RpcRule =>
  async ({ method, params, ask }) => {
    if (method !== "eth_getTransactionCount") return null;
    const count = Number(await ask(method, params));
    return { kind: "result", result: hex(Math.max(0, count + offset)) };
  };

/** Takes the first transaction of each account and nonce, and no other one. */
export const refuseReplacements = (): RpcRule => {
  const first = new Map<string, string>();
  return (question) => {
    if (!isBroadcast(question)) return null;
    const { from, nonce, hash } = Transaction.from(String(question.params[0]));
    const key = `${from}:${nonce}`;
    const known = first.get(key);
    if (known === undefined) first.set(key, hash ?? "");
    return known === undefined || known === hash
      ? null
      : { kind: "error", code: -32_000, message: "replacement transaction underpriced" };
  };
};

/** Knows only what was there `blocks` blocks ago, and still hands broadcasts on. */
export const lagBehind =
  (blocks: number): RpcRule =>
  async ({ method, params, ask }): Promise<Interference> => {
    const seen = Math.max(0, Number(await ask("eth_blockNumber", [])) - blocks);
    const atSeen = (tag: unknown): unknown =>
      tag === "latest" || tag === "pending" || tag === undefined ? hex(seen) : tag;
    switch (method) {
      case "eth_blockNumber":
        return { kind: "result", result: hex(seen) };
      case "eth_getBlockByNumber": {
        const [tag, full] = params;
        if (typeof tag === "string" && tag.startsWith("0x") && Number(tag) > seen)
          return { kind: "result", result: null };
        return { kind: "pass", params: [atSeen(tag), full] };
      }
      case "eth_getTransactionCount":
      case "eth_getBalance":
        return { kind: "pass", params: [params[0], atSeen(params[1])] };
      case "eth_call":
        return { kind: "pass", params: [params[0], atSeen(params[1])] };
      case "eth_getTransactionReceipt": {
        const receipt = (await ask(method, params)) as { readonly blockNumber: string } | null;
        return receipt && Number(receipt.blockNumber) > seen
          ? { kind: "result", result: null }
          : null;
      }
      case "eth_getTransactionByHash": {
        const found = (await ask(method, params)) as { readonly blockNumber: string | null } | null;
        return found?.blockNumber && Number(found.blockNumber) > seen
          ? { kind: "result", result: { ...found, blockNumber: null, blockHash: null } }
          : null;
      }
      default:
        return null;
    }
  };

/** Says of every transaction that it landed well in the newest block: what one endpoint alone cannot be caught at at once. */
export const inventReceipts =
  (): RpcRule =>
  async ({ method, params, ask }) => {
    if (method !== "eth_getTransactionReceipt" || (await ask(method, params)) !== null) return null;
    const block = (await ask("eth_getBlockByNumber", ["latest", false])) as {
      readonly number: string;
      readonly hash: string;
    };
    return {
      kind: "result",
      result: {
        transactionHash: params[0],
        blockNumber: block.number,
        blockHash: block.hash,
        status: "0x1",
        gasUsed: "0x5208",
        logs: [],
      },
    };
  };
