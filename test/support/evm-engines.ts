import { setTimeout as sleep } from "node:timers/promises";
import { HDNodeWallet, type TransactionRequest } from "ethers";
import { startAnvil } from "../../src/cli/anvil.ts";
import { haveEthereumjs, startEthereumjsEngine } from "./ethereumjs-engine.ts";

/** What becomes of the transactions of the blocks that a reorg replaces. */
export type Keep =
  /** Mined again, as many blocks after the fork as before. */
  | "same"
  /** Mined again in the last block of the new branch. */
  | "moved"
  /** In no block, and in no pool either. */
  | "gone";

/** A real EVM chain whose blocks the test makes. The development phrase's first ten accounts have 10,000 ether each. */
export interface EvmEngine {
  readonly name: EngineName;
  readonly rpcUrl: string;
  readonly chainId: number;
  /** False where `safe` and `finalized` follow the head one and two blocks behind, whatever is asked. */
  readonly choosesTags: boolean;
  /** One question to the node; throws with the node's words when it refuses. */
  ask(method: string, ...params: readonly unknown[]): Promise<unknown>;
  height(): Promise<number>;
  /** Makes blocks out of what the pool holds. Default 1. */
  mine(count?: number): Promise<void>;
  /** Makes a block again and again, that long after the last one, ms; null ends it. */
  autoMine(everyMs: number | null): void;
  /**
   * Replaces the newest `depth` blocks by `depth + 1` others: as in a real reorg the new branch is the longer one.
   * Gives the hashes of the transactions that were in the replaced blocks.
   */
  reorg(depth: number, options: { readonly keep: Keep }): Promise<readonly string[]>;
  /** Makes blocks until the next one's base fee is at least that much, wei: a spike. Empty blocks take it down again. */
  raiseBaseFee(wei: bigint): Promise<void>;
  /** Sends ether to an account and makes a block. */
  fund(address: string, wei: bigint): Promise<void>;
  /** Says which heights are safe and finalized; an engine that does not choose tags ignores it. */
  setSafeFinalized(heights: { readonly safe: number; readonly finalized: number }): Promise<void>;
  stop(): Promise<void>;
}

export type EngineName = "anvil" | "ethereumjs";

interface StartOptions {
  /** Default 31337. */
  readonly chainId?: number;
  /** Of the first block, wei. Default 1 gwei. */
  readonly baseFeePerGas?: bigint;
}

/** What differs between engines. */
interface Driver {
  readonly rpcUrl: string;
  readonly ask: EvmEngine["ask"];
  mineOne(): Promise<void>;
  /** Takes the newest blocks away; gives their transactions, block by block, oldest first. */
  rewind(depth: number): Promise<readonly (readonly SentTransaction[])[]>;
  raiseBaseFee: EvmEngine["raiseBaseFee"];
  setSafeFinalized: EvmEngine["setSafeFinalized"];
  stop(): Promise<void>;
}

interface SentTransaction {
  readonly hash: string;
  readonly raw: string;
}

/** The last of the phrase's accounts pays for what the engine itself sends. */
const purse = HDNodeWallet.fromPhrase(
  "test test test test test test test test test test test junk",
  undefined,
  "m/44'/60'/0'/0/9",
);
const MAX_FEE = 2_000_000_000_000n;

/** Signs a transaction of the purse with its next nonce. */
const signOwn = async (
  ask: EvmEngine["ask"],
  chainId: number,
  fields: TransactionRequest,
): Promise<string> =>
  await purse.signTransaction({
    type: 2,
    chainId,
    nonce: Number(await ask("eth_getTransactionCount", purse.address, "latest")),
    maxFeePerGas: MAX_FEE,
    maxPriorityFeePerGas: 1_000_000_000n,
    ...fields,
  });

const createEngine = (
  name: EngineName,
  { chainId = 31_337 }: StartOptions,
  driver: Driver,
): EvmEngine => {
  let tail: Promise<unknown> = Promise.resolve();
  /** One thing at a time: a block between two steps of a reorg would be part of neither branch. */
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const next = tail.then(work, work);
    tail = next.catch(() => undefined);
    return next;
  };
  let mining: AbortController | null = null;
  const mineUntil = async (signal: AbortSignal, everyMs: number): Promise<void> => {
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await inTurn(driver.mineOne).catch(() => undefined);
    }
  };
  const autoMine = (everyMs: number | null): void => {
    mining?.abort();
    mining = everyMs === null ? null : new AbortController();
    if (mining && everyMs !== null) void mineUntil(mining.signal, everyMs);
  };
  const send = async (transactions: readonly SentTransaction[]): Promise<void> => {
    for (const { raw } of transactions)
      // Whoever made it may have sent it again meanwhile.
      await driver.ask("eth_sendRawTransaction", raw).catch(() => undefined);
  };
  const { rpcUrl, ask, setSafeFinalized } = driver;
  return {
    name,
    rpcUrl,
    chainId,
    choosesTags: name === "ethereumjs",
    ask,
    height: async () => Number(await ask("eth_blockNumber")),
    mine: (count = 1) =>
      inTurn(async () => {
        for (let index = 0; index < count; index += 1) await driver.mineOne();
      }),
    autoMine,
    reorg: (depth, { keep }) =>
      inTurn(async () => {
        const replaced = await driver.rewind(depth);
        for (const transactions of replaced) {
          if (keep === "same") await send(transactions);
          await driver.mineOne();
        }
        if (keep === "moved") await send(replaced.flat());
        await driver.mineOne();
        return replaced.flat().map(({ hash }) => hash);
      }),
    raiseBaseFee: (wei) => inTurn(() => driver.raiseBaseFee(wei)),
    fund: (to, value) =>
      inTurn(async () => {
        const transfer = { to, value, gasLimit: 21_000n };
        await ask("eth_sendRawTransaction", await signOwn(ask, chainId, transfer));
        await driver.mineOne();
      }),
    setSafeFinalized: (heights) => inTurn(() => setSafeFinalized(heights)),
    stop: async () => {
      autoMine(null);
      await inTurn(driver.stop);
    },
  };
};

const startAnvilEngine = async (options: StartOptions): Promise<EvmEngine> => {
  const { chainId = 31_337, baseFeePerGas = 1_000_000_000n } = options;
  const anvil = await startAnvil({
    chainId,
    signal: AbortSignal.timeout(20_000),
    extra: ["--no-mining", "--block-base-fee-per-gas", String(baseFeePerGas)],
  });
  let id = 0;
  const ask: EvmEngine["ask"] = async (method, ...params) => {
    id += 1;
    const response = await fetch(anvil.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id, method, params }),
    });
    const answer = (await response.json()) as {
      readonly result?: unknown;
      readonly error?: { readonly message: string };
    };
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  };
  const transactionsOf = async (height: number): Promise<readonly SentTransaction[]> => {
    const { transactions } = (await ask(
      "eth_getBlockByNumber",
      `0x${height.toString(16)}`,
      false,
    )) as { readonly transactions: readonly string[] };
    return await Promise.all(
      transactions.map(async (hash) => ({
        hash,
        raw: String(await ask("eth_getRawTransactionByHash", hash)),
      })),
    );
  };
  return createEngine("anvil", options, {
    rpcUrl: anvil.url,
    ask,
    mineOne: async () => {
      await ask("evm_mine");
    },
    rewind: async (depth) => {
      const height = Number(await ask("eth_blockNumber"));
      const heights = Array.from({ length: depth }, (_, index) => height - depth + 1 + index);
      const replaced = await Promise.all(heights.map(transactionsOf));
      // anvil_reorg would give the new blocks the time of the fork, before what their transactions say.
      await ask("anvil_rollback", depth);
      return replaced;
    },
    raiseBaseFee: async (wei) => {
      await ask("anvil_setNextBlockBaseFeePerGas", `0x${wei.toString(16)}`);
    },
    setSafeFinalized: () => Promise.resolve(),
    stop: () => anvil.stop(),
  });
};

const startEthereumjs = async (options: StartOptions): Promise<EvmEngine> => {
  const { chainId = 31_337 } = options;
  const node = await startEthereumjsEngine(options);
  const ancestors = (count: number) => {
    const found = [];
    for (let block = node.head(); found.length < count; block = node.block(block.parent))
      found.unshift(block);
    return found;
  };
  /** The node knows the hashes as long as the block is there. */
  const sentIn = async (hash: string, raws: readonly string[]): Promise<SentTransaction[]> => {
    const { transactions } = (await node.ask("eth_getBlockByHash", hash, false)) as {
      readonly transactions: readonly string[];
    };
    return raws.map((raw, index) => ({ raw, hash: transactions[index] ?? "" }));
  };
  const at = (height: number): string => {
    let block = node.head();
    while (block.number > height) block = node.block(block.parent);
    return block.hash;
  };
  return createEngine("ethereumjs", options, {
    rpcUrl: node.rpcUrl,
    ask: node.ask,
    mineOne: async () => {
      await node.build();
    },
    rewind: async (depth) => {
      const branch = ancestors(depth);
      const replaced = [];
      for (const { hash, transactions } of branch) replaced.push(await sentIn(hash, transactions));
      await node.setHead(branch[0]?.parent ?? node.genesis);
      return replaced;
    },
    raiseBaseFee: async (wei) => {
      // A creation whose code is the invalid instruction burns all of its gas at once: a full block for nothing.
      for (;;) {
        const block = (await node.ask("eth_getBlockByNumber", "latest", false)) as {
          readonly baseFeePerGas: string;
          readonly gasLimit: string;
        };
        if (BigInt(block.baseFeePerGas) >= wei) return;
        const burn = { data: "0xfe", gasLimit: BigInt(block.gasLimit) - 1_000_000n };
        await node.build({ transactions: [await signOwn(node.ask, chainId, burn)] });
      }
    },
    setSafeFinalized: ({ safe, finalized }) =>
      node.setHead(node.head().hash, { safe: at(safe), finalized: at(finalized) }),
    stop: () => node.stop(),
  });
};

/** Every engine that the tests know, to be looped over with `describe.each`. */
export const evmEngines: readonly {
  readonly name: EngineName;
  /** False when it is not installed; then the suite is noted as not run. */
  readonly available: (suite: string) => boolean;
  /** Who starts it stops it. */
  readonly start: (options?: StartOptions) => Promise<EvmEngine>;
}[] = [
  { name: "anvil", available: () => true, start: (options = {}) => startAnvilEngine(options) },
  {
    name: "ethereumjs",
    available: (suite) => haveEthereumjs(`${suite}, on ethereumjs`),
    start: (options = {}) => startEthereumjs(options),
  },
];
