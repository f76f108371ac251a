import { Interface } from "ethers";
import { sql } from "kysely";
import type { Bus } from "../../src/bus/bus.ts";
import type { Store } from "../../src/store/store.ts";
import { isFabricError } from "../../src/core/errors/fabric-error.ts";

/** What chain, bus and database say after everything has come to rest; nothing here is judged yet. */
export interface DeliveryFacts {
  /** Every signed round of the database, in its own answer. */
  readonly rounds: readonly {
    readonly feed: string;
    readonly round: number;
    readonly answer: string;
  }[];
  readonly bindings: readonly Target[];
  readonly outbox: readonly {
    readonly messageId: string;
    readonly stream: string | null;
    readonly sequence: number | null;
    readonly isPublished: boolean;
  }[];
  readonly deliveries: readonly DeliveryFact[];
  /** Nonces that the database holds for transactions that it has not given up. */
  readonly nonces: readonly {
    readonly chain: string;
    readonly signer: string;
    readonly nonce: number;
    /** True while the database believes that it may still land. */
    readonly isOpen: boolean;
  }[];
  /** Hashes of every transaction that was signed here. */
  readonly signed: ReadonlySet<string>;
  readonly chains: readonly ChainFacts[];
  readonly streams: readonly { readonly name: string; readonly lastSequence: number }[];
  /** Message ids of dead letters, with the reason's code. */
  readonly deadLetters: readonly { readonly messageId: string | null; readonly reason: string }[];
}

export interface Target {
  readonly feed: string;
  readonly chain: string;
  readonly contract: string;
}

/** One row of `deliveries`. */
export interface DeliveryFact extends Target {
  readonly id: string;
  readonly round: number;
  readonly status: string;
  readonly error: string | null;
  readonly transaction: string | null;
  readonly blockNumber: number | null;
  readonly blockHash: string | null;
}

export interface ChainFacts {
  readonly name: string;
  readonly height: number;
  /** Blocks that a final delivery must be deep, its own being the first. */
  readonly depth: number;
  /** Accepted updates in the order of the chain. */
  readonly events: readonly {
    readonly contract: string;
    readonly round: number;
    readonly answer: string;
    readonly transaction: string;
    readonly blockNumber: number;
    readonly blockHash: string;
  }[];
  /** Transactions of an account that the chain has. */
  readonly counts: ReadonlyMap<string, number>;
  /** Canonical hash of each height that a delivery names. */
  readonly blocks: ReadonlyMap<number, string>;
  /** Status of each transaction that a delivery names; null where the chain has none. */
  readonly receipts: ReadonlyMap<
    string,
    { readonly status: number; readonly blockHash: string } | null
  >;
}

const UPDATED = new Interface([
  "event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt)",
]);
/** ethereumjs answers at most 2,500 blocks at once. */
const LOG_RANGE = 2_000;

type Ask = (method: string, ...params: readonly unknown[]) => Promise<unknown>;

interface RawLog {
  readonly address: string;
  readonly topics: string[];
  readonly data: string;
  readonly transactionHash: string;
  readonly blockNumber: string;
  readonly blockHash: string;
  readonly logIndex: string;
}

const hex = (value: number): string => `0x${value.toString(16)}`;

const readEvents = async (
  ask: Ask,
  contracts: readonly string[],
  height: number,
): Promise<ChainFacts["events"]> => {
  const logs: RawLog[] = [];
  for (let from = 0; from <= height; from += LOG_RANGE)
    logs.push(
      ...((await ask("eth_getLogs", {
        address: contracts,
        fromBlock: hex(from),
        toBlock: hex(Math.min(height, from + LOG_RANGE - 1)),
        topics: [UPDATED.getEvent("AnswerUpdated")?.topicHash ?? null],
      })) as RawLog[]),
    );
  return logs
    .toSorted(
      (a, b) =>
        Number(a.blockNumber) - Number(b.blockNumber) || Number(a.logIndex) - Number(b.logIndex),
    )
    .map((log) => {
      const args = UPDATED.parseLog({ topics: log.topics, data: log.data })?.args ?? [];
      return {
        contract: log.address.toLowerCase(),
        round: Number(args[1]),
        answer: String(args[0]),
        transaction: log.transactionHash.toLowerCase(),
        blockNumber: Number(log.blockNumber),
        blockHash: log.blockHash.toLowerCase(),
      };
    });
};

/** Reads everything that one chain says about these deliveries. */
export const readChainFacts = async (
  chain: { readonly name: string; readonly depth: number; readonly ask: Ask },
  deliveries: readonly DeliveryFact[],
  { contracts, signers }: { contracts: readonly string[]; signers: readonly string[] },
): Promise<ChainFacts> => {
  const { ask } = chain;
  const height = Number(await ask("eth_blockNumber"));
  const own = deliveries.filter((delivery) => delivery.chain === chain.name);
  const counts = new Map<string, number>();
  for (const signer of signers)
    counts.set(signer, Number(await ask("eth_getTransactionCount", signer, "latest")));
  const blocks = new Map<number, string>();
  for (const number of new Set(own.flatMap((row) => row.blockNumber ?? []))) {
    const block = (await ask("eth_getBlockByNumber", hex(number), false)) as {
      readonly hash: string;
    } | null;
    if (block) blocks.set(number, block.hash.toLowerCase());
  }
  const receipts = new Map<
    string,
    { readonly status: number; readonly blockHash: string } | null
  >();
  // Each receipt makes ethereumjs run the whole block again: only those that a row stands on.
  for (const hash of new Set(own.flatMap((row) => row.transaction ?? []))) {
    const receipt = (await ask("eth_getTransactionReceipt", hash)) as {
      readonly status: string;
      readonly blockHash: string;
    } | null;
    receipts.set(
      hash,
      receipt && { status: Number(receipt.status), blockHash: receipt.blockHash.toLowerCase() },
    );
  }
  return {
    name: chain.name,
    height,
    depth: chain.depth,
    events: await readEvents(ask, contracts, height),
    counts,
    blocks,
    receipts,
  };
};

interface JobRow {
  readonly chain: string;
  readonly signer: string;
  readonly nonce: number | null;
  readonly state: string;
}

/** Reads rounds, outbox, deliveries, nonces and dead letters out of the database. */
export const readStoreFacts = async (
  store: Store,
): Promise<
  Pick<DeliveryFacts, "rounds" | "outbox" | "deliveries" | "nonces" | "signed" | "deadLetters">
> => {
  const { db } = store;
  const rounds = await db
    .selectFrom("rounds")
    .select(["feed", "round", "answer"])
    .where("answer", "is not", null)
    .orderBy("feed")
    .orderBy("round")
    .execute();
  const outbox = await db
    .selectFrom("outbox")
    .select(["message_id", "stream", "stream_sequence", "published_at"])
    .execute();
  const deliveries = await db.selectFrom("deliveries").selectAll().execute();
  const { rows: jobs } =
    await sql<JobRow>`select chain, signer, nonce, state from evm_jobs`.execute(db);
  const { rows: accounts } = await sql<{
    chain: string;
    signer: string;
    next_nonce: number;
  }>`select chain, signer, next_nonce from evm_accounts`.execute(db);
  const { rows: attempts } = await sql<{
    hash: string | null;
  }>`select hash from evm_attempts`.execute(db);
  const { rows: letters } = await sql<{
    message_id: string | null;
    reason: string;
  }>`select message_id, reason from dead_letters`.execute(db);
  return {
    rounds: rounds.map(({ feed, round, answer }) => ({ feed, round, answer: answer ?? "" })),
    outbox: outbox.map((row) => ({
      messageId: row.message_id,
      stream: row.stream,
      sequence: row.stream_sequence,
      isPublished: row.published_at !== null,
    })),
    deliveries: deliveries.map((row) => ({
      id: row.id,
      feed: row.feed,
      round: row.round,
      chain: row.chain,
      contract: row.contract.toLowerCase(),
      status: row.status,
      error: row.error,
      transaction: row.tx_hash?.toLowerCase() ?? null,
      blockNumber: row.block_number,
      blockHash: row.block_hash?.toLowerCase() ?? null,
    })),
    nonces: [
      ...jobs.flatMap(({ chain, signer, nonce, state }) =>
        nonce === null || state === "lost"
          ? []
          : [{ chain, signer, nonce, isOpen: state !== "done" }],
      ),
      // The next nonce that would be given out stands for the one before it.
      ...accounts.map(({ chain, signer, next_nonce: next }) => ({
        chain,
        signer,
        nonce: next - 1,
        isOpen: false,
      })),
    ],
    signed: new Set(attempts.flatMap(({ hash }) => hash?.toLowerCase() ?? [])),
    deadLetters: letters.map(({ message_id: messageId, reason }) => ({ messageId, reason })),
  };
};

/** The last sequence of every stream that the outbox was published to. */
export const readStreamFacts = async (
  bus: Pick<Bus, "streamState">,
  outbox: DeliveryFacts["outbox"],
): Promise<DeliveryFacts["streams"]> => {
  const names = [...new Set(outbox.flatMap(({ stream }) => stream ?? []))];
  return await Promise.all(
    names.map(async (name) => {
      try {
        return { name, lastSequence: (await bus.streamState(name)).lastSequence };
      } catch (error) {
        if (isFabricError(error, "BUS_STREAM_UNKNOWN")) return { name, lastSequence: 0 };
        throw error;
      }
    }),
  );
};
