import { sql } from "kysely";
import { systemClock } from "../../src/core/clock.ts";
import type { FabricConfig } from "../../src/core/config/schema.ts";
import { connectBus } from "../../src/host/connect-bus.ts";
import type { Store } from "../../src/store/store.ts";
import { auditDelivery, type Violation } from "./delivery-auditor.ts";
import { readChainFacts, readStoreFacts, readStreamFacts } from "./delivery-facts.ts";
import type { EvmEngine } from "./evm-engines.ts";

const count = async (
  store: Store,
  query: ReturnType<typeof sql<{ readonly n: number }>>,
): Promise<number> => (await query.execute(store.db)).rows[0]?.n ?? 0;

/** True when no outbox row waits, every round has ended deliveries or a dead letter, and no transaction may still land. */
export const isStoreAtRest = async (store: Store): Promise<boolean> => {
  const waiting = await count(
    store,
    sql`select count(*) as n from outbox where published_at is null`,
  );
  const missing = await count(
    store,
    sql`select count(*) as n from rounds where not exists (
      select 1 from deliveries where deliveries.feed = rounds.feed and deliveries.round = rounds.round
        and status in ('final', 'superseded', 'failed'))
      and not exists (select 1 from dead_letters where
        message_id like 'cryptlet:' || rounds.feed || ':' || rounds.round || ':%')`,
  );
  const jobs = await count(
    store,
    sql`select count(*) as n from evm_jobs where state not in ('done', 'lost')`,
  );
  return waiting + missing + jobs === 0;
};

/** Reads chain, bus and database of a fabric with one chain, and holds them against each other. */
export const auditStage = async ({
  store,
  config,
  engine,
  depth,
  signer,
}: {
  readonly store: Store;
  readonly config: FabricConfig;
  readonly engine: Pick<EvmEngine, "ask">;
  readonly depth: number;
  /** Account that pays. */
  readonly signer: string;
}): Promise<readonly Violation[]> => {
  const bindings = config.bindings.map(({ feed, chain, contract }) => ({ feed, chain, contract }));
  const contracts = bindings.map(({ contract }) => contract);
  const facts = await readStoreFacts(store);
  const bus = await connectBus(config, { store, clock: systemClock });
  try {
    const streams = await readStreamFacts(bus, facts.outbox);
    const chains = await Promise.all(
      config.chains.map(({ name }) =>
        readChainFacts({ name, depth, ask: engine.ask }, facts.deliveries, {
          contracts,
          signers: [signer],
        }),
      ),
    );
    return auditDelivery({ ...facts, bindings, streams, chains });
  } finally {
    await bus.close();
  }
};
