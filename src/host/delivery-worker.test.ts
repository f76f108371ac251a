import { describe, expect, it, onTestFinished } from "vitest";
import { commitSignedRound, GOLD } from "../../test/support/stored-rounds.ts";
import type { ChainAdapter, Delivery, DeliveryRecord } from "../adapters/contract/chain-adapter.ts";
import { toDeliveryRecord } from "../adapters/contract/delivery-record.ts";
import type { Binding, BindingMode } from "../bindings/binding.ts";
import type { ErrorCode } from "../core/errors/catalogue.ts";
import { FabricError, fabricError } from "../core/errors/fabric-error.ts";
import { chainNameSchema, createRunId } from "../core/ids.ts";
import { silentLog } from "../core/log.ts";
import { createManualClock } from "../core/manual-clock.ts";
import {
  changeDelivery,
  deliveryId,
  findDelivery,
  insertDeliveries,
  type DeliveryRow,
} from "../store/deliveries.ts";
import { openStore } from "../store/open-store.ts";
import { findRound } from "../store/rounds.ts";
import { openRun } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import { startDeliveryWorker } from "./delivery-worker.ts";

const chain = chainNameSchema.parse("local");
const A = { chain, contract: `0x${"0a".repeat(20)}` };
const B = { chain, contract: `0x${"0b".repeat(20)}` };
const AT = 1_700_000_000_000;

const rowOf = async (store: Store, id: string): Promise<DeliveryRow> => {
  const row = await findDelivery(store.db, id);
  if (!row) throw new Error(`no delivery ${id}`);
  return row;
};

/** What the chain says next to a verb and a delivery; null lets it pass. */
type Trouble = (verb: "prepare" | "settle", id: string) => ErrorCode | null;

/** An adapter on the real database whose chain takes everything unless `trouble` says otherwise. */
const createScriptedAdapter = (
  store: Store,
  trouble: Trouble,
  waits: (id: string) => boolean = () => false,
  finality: "near" | "far" = "near",
) => {
  const prepared: Delivery[] = [];
  const refuse = (verb: "prepare" | "settle", id: string): void => {
    const code = trouble(verb, id);
    if (code !== null) throw new FabricError(code, { delivery: id, chain, reason: "scripted" });
  };
  const change = (id: string, statuses: readonly DeliveryRow["status"][], attempt = false) =>
    store.transaction(async (trx) => {
      for (const status of statuses) await changeDelivery(trx, id, { status, attempt }, AT);
    });
  const adapter: ChainAdapter = {
    name: chain,
    capabilities: { finality: { kind: "instant" }, rounds: true, replacement: false },
    probe: async () => ({ chainId: "1", height: 1, engine: "scripted" }),
    prepare: async (delivery) => {
      refuse("prepare", delivery.id);
      prepared.push(delivery);
      if (waits(delivery.id)) {
        const waiting = { status: "prepared", subStatus: "waiting-for-budget" } as const;
        await store.transaction((trx) => changeDelivery(trx, delivery.id, waiting, AT));
        return toDeliveryRecord(await rowOf(store, delivery.id));
      }
      await change(delivery.id, ["prepared"], true);
      return toDeliveryRecord(await rowOf(store, delivery.id));
    },
    settle: async (id, options) => {
      refuse("settle", id);
      const never = () =>
        new Promise<DeliveryRecord>((_, reject) => {
          options?.signal?.addEventListener("abort", () => {
            reject(new Error("stopped"));
          });
        });
      if (waits(id)) return await never();
      if (finality === "far") {
        await change(id, ["submitted", "included"]);
        options?.onChange?.(toDeliveryRecord(await rowOf(store, id)));
        return await never();
      }
      await change(id, ["submitted", "included", "final"]);
      const record = toDeliveryRecord(await rowOf(store, id));
      options?.onChange?.(record);
      return record;
    },
    retry: async (id) => {
      await change(id, ["prepared"]);
      return toDeliveryRecord(await rowOf(store, id));
    },
    find: async () => null,
    unfinished: async () => [],
    latest: async () => null,
    close: async () => undefined,
  };
  return { adapter, prepared };
};

/** A worker over rounds 1 to `rounds`, each with a delivery to every contract. */
const openWorker = async (options: {
  readonly rounds: number;
  readonly contracts?: readonly (typeof A)[];
  readonly mode?: BindingMode;
  readonly trouble?: Trouble;
  /** Deliveries that wait for their budget. */
  readonly waits?: (id: string) => boolean;
  readonly before?: (store: Store) => Promise<void>;
  /** How long rounds of other hosts are left to those, ms. */
  readonly holdMs?: number;
  /** Newest round that the contract has. */
  readonly landed?: (contract: string) => number;
  /** `far`: what is in a block stays there without becoming final. */
  readonly finality?: "near" | "far";
}) => {
  const { rounds, contracts = [A], mode = "every", trouble = () => null } = options;
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  for (let round = 1; round <= rounds; round += 1) {
    await commitSignedRound(store, round);
    await store.transaction((trx) => insertDeliveries(trx, { feed: GOLD, round }, contracts, AT));
  }
  await options.before?.(store);
  const { adapter, prepared } = createScriptedAdapter(
    store,
    trouble,
    options.waits,
    options.finality,
  );
  const clock = createManualClock(AT);
  const changes: DeliveryRecord[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const bindings: readonly Binding[] = contracts.map((target) => ({ feed: GOLD, ...target, mode }));
  const worker = startDeliveryWorker({
    holdMs: () => options.holdMs ?? 0,
    adapter: {
      ...adapter,
      latest: async ({ contract }) => {
        const round = options.landed?.(contract) ?? 0;
        return round === 0 ? null : { round, answer: 1n, observedAt: AT };
      },
    },
    bindings,
    store,
    clock,
    log: silentLog,
    onChange: (record) => {
      changes.push(record);
      for (const { count, resolve } of waiting) if (changes.length >= count) resolve();
    },
    onProgress: () => undefined,
  });
  onTestFinished(async () => {
    await worker.stop();
    await store.close();
  });
  return {
    store,
    worker,
    clock,
    prepared,
    changes,
    /** Resolves when so many deliveries have ended. */
    ended: (count: number) =>
      new Promise<void>((resolve) => {
        if (changes.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    status: async (round: number, target = A) => {
      const { status, error } = await rowOf(store, deliveryId(GOLD, round, target));
      return error === null ? status : `${status} ${error}`;
    },
  };
};

/** Lets sleepers of the clock come and go until `done`. */
const passTime = async (
  clock: ReturnType<typeof createManualClock>,
  step: number,
  done: () => boolean,
): Promise<void> => {
  for (let turns = 0; !done(); turns += 1) {
    if (turns > 10_000) throw new Error("nothing happened");
    await clock.advance(clock.sleepers > 0 ? step : 0);
  }
};

describe("a worker", () => {
  it("prepares every round in its order, with what was signed and the configured binding", async () => {
    const { prepared, ended, status } = await openWorker({ rounds: 3, contracts: [A, B] });
    await ended(6);
    expect(prepared.map(({ round }) => round)).toEqual([1, 1, 2, 2, 3, 3]);
    for (const { binding, payload, signatures } of prepared) {
      expect(binding.mode).toBe("every");
      expect([payload.length, signatures.length, signatures[0]?.length]).toEqual([192, 1, 65]);
    }
    expect(await status(3, B)).toBe("final");
  });

  it("takes up what was stored while it slept", async () => {
    const { store, worker, ended, status } = await openWorker({ rounds: 1 });
    await ended(1);
    await commitSignedRound(store, 2);
    await store.transaction((trx) => insertDeliveries(trx, { feed: GOLD, round: 2 }, [A], AT));
    worker.wake();
    await ended(2);
    expect(await status(2)).toBe("final");
  });

  it("ends at once while it waits", async () => {
    const { worker, ended } = await openWorker({ rounds: 1 });
    await ended(1);
    await expect(worker.stop()).resolves.toBeUndefined();
  });
});

describe("a binding to the latest round", () => {
  it("leaves out what was overtaken before it was signed for", async () => {
    const { prepared, ended, status } = await openWorker({ rounds: 4, mode: "latest" });
    await ended(4);
    expect(prepared.map(({ round, binding }) => [round, binding.mode])).toEqual([[4, "latest"]]);
    for (const round of [1, 2, 3])
      expect(await status(round)).toBe("superseded DELIVERY_OVERTAKEN");
    expect(await status(4)).toBe("final");
  });

  it("carries on what was signed for: its nonce is taken", async () => {
    const first = deliveryId(GOLD, 1, A);
    const { prepared, ended, status } = await openWorker({
      rounds: 2,
      mode: "latest",
      before: (store) =>
        store.transaction((trx) =>
          changeDelivery(trx, first, { status: "prepared", attempt: true }, AT),
        ),
    });
    await ended(2);
    expect(prepared.map(({ round }) => round)).toEqual([1, 2]);
    expect(await status(1)).toBe("final");
  });

  it("looks at each contract apart", async () => {
    const { ended, status } = await openWorker({
      rounds: 1,
      contracts: [A, B],
      mode: "latest",
      before: async (store) => {
        await commitSignedRound(store, 2);
        await store.transaction((trx) => insertDeliveries(trx, { feed: GOLD, round: 2 }, [B], AT));
      },
    });
    await ended(3);
    expect(await status(1, A)).toBe("final");
    expect(await status(1, B)).toBe("superseded DELIVERY_OVERTAKEN");
    expect(await status(2, B)).toBe("final");
  });
});

describe("a fault of one delivery", () => {
  it.each(["DELIVERY_INVALID", "ONCHAIN_FEED_UNKNOWN", "ONCHAIN_REFUSED"] as const)(
    "stays in its row and stops nobody else: %s",
    async (code) => {
      const bad = deliveryId(GOLD, 1, A);
      const { ended, status } = await openWorker({
        rounds: 2,
        contracts: [A, B],
        trouble: (verb, id) => (verb === "prepare" && id === bad ? code : null),
      });
      await ended(4);
      expect(await status(1, A)).toBe(`failed ${code}`);
      for (const [round, target] of [
        [1, B],
        [2, A],
        [2, B],
      ] as const)
        expect(await status(round, target)).toBe("final");
    },
  );

  it("may be that the bundle in the database is damaged", async () => {
    const { ended, status } = await openWorker({
      rounds: 2,
      before: async (store) => {
        const round = await findRound(store.db, GOLD, 1);
        await store.db
          .updateTable("envelopes")
          .set({ bundle_json: "{}" })
          .where("digest", "=", round?.envelopeDigest ?? "")
          .execute();
      },
    });
    await ended(2);
    expect(await status(1)).toBe("failed BUNDLE_MALFORMED");
    expect(await status(2)).toBe("final");
  });
});

describe("a delivery that waits for money", () => {
  it("holds back its own contract and takes no place from others", async () => {
    const { store, ended, status } = await openWorker({
      rounds: 100,
      contracts: [A, B],
      waits: (id) => id.endsWith(A.contract),
    });
    await ended(100);
    expect(await status(100, B)).toBe("final");
    expect(await status(1, A)).toBe("prepared");
    const row = await findDelivery(store.db, deliveryId(GOLD, 2, A));
    expect(row?.attempts).toBe(0);
  });

  it.each(["CHAIN_REFUSED", "CHAIN_ENDPOINTS_DISAGREE"] as const)(
    "that nodes refuse or differ about holds back its own contract as well: %s",
    async (code) => {
      const { ended, status } = await openWorker({
        rounds: 3,
        contracts: [A, B],
        trouble: (verb, id) => (verb === "prepare" && id.endsWith(A.contract) ? code : null),
      });
      await ended(3);
      expect(await status(3, B)).toBe("final");
      expect(await status(1, A)).toBe("prepared");
    },
  );

  it("whose answer nobody foresaw holds back its own contract as well", async () => {
    const { ended, status } = await openWorker({
      rounds: 3,
      contracts: [A, B],
      trouble: (verb, id) => {
        if (verb === "prepare" && id.endsWith(A.contract)) throw new TypeError("unforeseen");
        return null;
      },
    });
    await ended(3);
    expect(await status(3, B)).toBe("final");
    expect(await status(1, A)).toBe("prepared");
  });
});

describe("deliveries in blocks that are not final yet", () => {
  it("take no place from what comes later", async () => {
    const { prepared, changes } = await openWorker({ rounds: 300, finality: "far" });
    await expect.poll(() => prepared.length, { timeout: 10_000 }).toBe(300);
    expect(new Set(changes.map(({ status }) => status))).toEqual(new Set(["included"]));
  });
});

describe("a delivery that was put back", () => {
  it("and is refused again fails again, and stops nobody", async () => {
    const bad = deliveryId(GOLD, 1, A);
    const { ended, status } = await openWorker({
      rounds: 2,
      trouble: (verb, id) => (verb === "prepare" && id === bad ? "DELIVERY_INVALID" : null),
      before: (store) =>
        store.transaction(async (trx) => {
          await changeDelivery(trx, bad, { status: "prepared", attempt: true }, AT);
          await changeDelivery(trx, bad, { status: "failed", error: "ONCHAIN_REFUSED" }, AT);
          await changeDelivery(trx, bad, { status: "prepared", subStatus: "retried" }, AT);
        }),
    });
    await ended(2);
    expect(await status(1)).toBe("failed DELIVERY_INVALID");
    expect(await status(2)).toBe("final");
  });
});

describe("a chain that is away", () => {
  it("holds everything up and loses nothing", async () => {
    let away = 5;
    const asked: string[] = [];
    const { clock, changes, ended, status } = await openWorker({
      rounds: 3,
      trouble: (verb, id) => {
        asked.push(`${verb} ${id}`);
        away -= 1;
        return away >= 0 ? "CHAIN_UNREACHABLE" : null;
      },
    });
    await passTime(clock, 30_000, () => changes.length === 3);
    await ended(3);
    // Always the first one: nothing goes out of order while the chain is away.
    expect(new Set(asked.slice(0, 5)).size).toBe(1);
    for (const round of [1, 2, 3]) expect(await status(round)).toBe("final");
  });

  it("that goes away while a delivery is followed is asked again, with growing pauses", async () => {
    const tries: number[] = [];
    const { clock, changes, status } = await openWorker({
      rounds: 1,
      trouble: (verb) => {
        if (verb === "prepare") return null;
        tries.push(clock?.now() ?? AT);
        return tries.length < 4 ? "CHAIN_UNREACHABLE" : null;
      },
    });
    await passTime(clock, 50, () => changes.length === 1);
    const pauses = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
    expect(pauses.toSorted((a, b) => a - b)).toEqual(pauses);
    expect(new Set(pauses).size).toBe(3);
    expect(await status(1)).toBe("final");
  });

  it("is no reason to wait at the end", async () => {
    const { worker, status } = await openWorker({
      rounds: 1,
      trouble: () => "CHAIN_UNREACHABLE",
    });
    await worker.stop();
    expect(await status(1)).toBe("prepared");
  });

  it("and one of another id are no fault of a delivery", async () => {
    const mismatch = fabricError("CHAIN_MISMATCH", { chain, actual: 1, expected: 2 });
    const { worker, clock, status } = await openWorker({
      rounds: 1,
      trouble: () => mismatch.code,
    });
    await clock.advance(60_000);
    await worker.stop();
    expect(await status(1)).toBe("prepared");
  });
});

describe("a round that another host made", () => {
  const imported = async (store: Store): Promise<void> => {
    await store.db.updateTable("rounds").set({ run_id: null }).execute();
  };

  it("is left to that host for a while, and then delivered in its order", async () => {
    const { clock, prepared, changes } = await openWorker({
      rounds: 3,
      holdMs: 3_000,
      before: imported,
    });
    await passTime(clock, 500, () => clock.now() >= AT + 2_500);
    expect(prepared).toEqual([]);
    await passTime(clock, 500, () => changes.length === 3);
    expect(prepared.map(({ round }) => round)).toEqual([1, 2, 3]);
  });

  it("is not waited for once the contract has it", async () => {
    let landed = 0;
    const { clock, prepared } = await openWorker({
      rounds: 3,
      holdMs: 3_600_000,
      before: imported,
      landed: () => landed,
    });
    await passTime(clock, 500, () => clock.now() >= AT + 2_000);
    expect(prepared).toEqual([]);
    landed = 2;
    await passTime(clock, 500, () => prepared.length === 2);
    expect(prepared.map(({ round }) => round)).toEqual([1, 2]);
  });

  it("of a contract that gives no answer fails, and stops nobody else", async () => {
    const { ended, status } = await openWorker({
      rounds: 2,
      contracts: [A, B],
      holdMs: 3_600_000,
      before: imported,
      landed: (contract) => {
        if (contract === A.contract) throw new FabricError("ONCHAIN_FEED_UNKNOWN", {});
        return 2;
      },
      trouble: (_, id) => (id.endsWith(A.contract) ? "ONCHAIN_FEED_UNKNOWN" : null),
    });
    await ended(4);
    expect(await status(1, A)).toBe("failed ONCHAIN_FEED_UNKNOWN");
    expect(await status(2, B)).toBe("final");
  });

  it("is not overtaken by one of this host's own, unless only the latest counts", async () => {
    const own = async (store: Store): Promise<void> => {
      await imported(store);
      const id = createRunId();
      await openRun(store.db, { id, feed: GOLD, triggerId: "t", startedAt: AT });
      await store.db.updateTable("rounds").set({ run_id: id }).where("round", "=", 2).execute();
    };
    const every = await openWorker({ rounds: 2, holdMs: 3_600_000, before: own });
    await passTime(every.clock, 500, () => every.clock.now() >= AT + 2_000);
    expect(every.prepared).toEqual([]);
    const latest = await openWorker({
      rounds: 2,
      holdMs: 3_600_000,
      mode: "latest",
      before: own,
    });
    await latest.ended(1);
    expect(latest.prepared.map(({ round }) => round)).toEqual([2]);
  });
});
