import { setMaxListeners } from "node:events";
import {
  isSettled,
  type ChainAdapter,
  type Delivery,
  type DeliveryRecord,
} from "../adapters/contract/chain-adapter.ts";
import { toDeliveryRecord } from "../adapters/contract/delivery-record.ts";
import { bindingOf, type Binding } from "../bindings/binding.ts";
import type { Clock } from "../core/clock.ts";
import { fabricError, isFabricError, type FabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import type { FeedId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { createWake } from "../core/wake.ts";
import { decodeBase64 } from "../crypto/base64.ts";
import { BATCH_SOLABI_TYPE } from "../envelope/batch-solabi.ts";
import { parseBundle } from "../envelope/bundle.ts";
import { payloadBytes } from "../envelope/dsse.ts";
import {
  changeDelivery,
  findDelivery,
  newestRoundFor,
  openDeliveries,
  type DeliveryRow,
} from "../store/deliveries.ts";
import { findBundle } from "../store/envelopes.ts";
import { findRound } from "../store/rounds.ts";
import type { Store } from "../store/store.ts";
import { readCommittedRound } from "./round-view.ts";

/** Deliveries that are on their way into a block at the same time. */
const MAX_IN_FLIGHT = 64;
/** Pause after a fault of the chain, in ms: first and longest. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** Looks for work this often even when nobody wakes it, in ms. */
const IDLE_MS = 5_000;
/** Looks this often whether the chain has what is left to another host, in ms. */
const HOLD_MS = 500;

export interface DeliveryWorkerParts {
  readonly adapter: ChainAdapter;
  /** Bindings on this chain. */
  readonly bindings: readonly Binding[];
  readonly store: Store;
  /**
   * How long a round of this feed that another host made waits for that host to deliver it, ms; 0 where nobody else
   * does. What the chain has by then costs nothing.
   */
  readonly holdMs: (feed: FeedId) => number;
  readonly clock: Clock;
  readonly log: Log;
  /** Sees every stored change. */
  readonly onChange: (record: DeliveryRecord) => void;
  readonly onProgress: () => void;
}

/** Brings stored deliveries of one chain to their end. */
export interface DeliveryWorker {
  /** There may be new work. */
  wake(): void;
  /** Takes nothing new; ends what is being followed. Stored deliveries go on at the next start. */
  stop(): Promise<void>;
}

/** A delivery that is followed. */
interface Following {
  readonly contract: string;
  /** Each round of its contract comes in its turn. */
  readonly isInOrder: boolean;
  /** It has no nonce yet, and waits for money or time. */
  isBehind: boolean;
  /** In a block: finality may take a quarter of an hour, and takes no place from what comes later. */
  isIncluded: boolean;
  ended: Promise<void>;
}

const NOTHING = Promise.resolve();

const isBehind = ({ subStatus }: DeliveryRecord): boolean =>
  subStatus === "waiting-for-budget" || subStatus === "waiting-for-time";

const toDelivery = async (store: Store, row: DeliveryRow, binding: Binding): Promise<Delivery> => {
  const round = await findRound(store.db, row.feed, row.round);
  const found = round ? await findBundle(store.db, round.envelopeDigest) : null;
  if (!round || found === null)
    throw fabricError("ROUND_UNKNOWN", { feed: row.feed, round: row.round });
  const { envelope, onchain } = parseBundle(found.bundleJson);
  if (!onchain) throw fabricError("FEED_NOT_BINDABLE", { feed: row.feed });
  const view = readCommittedRound(round);
  return {
    id: row.id,
    binding,
    feedHash: view.feedHash,
    round: row.round,
    payloadType: onchain.payloadType,
    payload: payloadBytes(onchain),
    signatures: onchain.signatures.map(({ sig }) => decodeBase64(sig, "signature")),
    // What a contract gets of a batch is encoded from the statement that its tuple binds.
    ...(onchain.payloadType === BATCH_SOLABI_TYPE ? { statement: payloadBytes(envelope) } : {}),
  };
};

/** What is refused because of chain, database or the host's end; any other refusal is about the delivery itself. */
const NOT_OF_DELIVERY = /^(?:CHAIN|STORE|INTERRUPTED)/;

const isOfDelivery = (error: unknown): error is FabricError =>
  isFabricError(error) &&
  (error.code === "DELIVERY_INVALID" || error.kind === "verification" || error.kind === "user") &&
  !NOT_OF_DELIVERY.test(error.code);

/**
 * A node that refuses one call, nodes that answer it differently, and answers that nobody foresaw hold up that contract
 * and no other.
 */
const isOfContract = (error: unknown): boolean =>
  !isFabricError(error) ||
  isFabricError(error, "CHAIN_REFUSED") ||
  isFabricError(error, "CHAIN_ENDPOINTS_DISAGREE");

/**
 * One loop per chain: prepares deliveries in the order of their rounds, then follows them side by side. A fault of the
 * chain pauses the loop with growing pauses; a fault of one delivery stays in its row and stops nobody else.
 */
export const startDeliveryWorker = (parts: DeliveryWorkerParts): DeliveryWorker => {
  const { adapter, store, clock, log } = parts;
  const stopping = new AbortController();
  const { signal } = stopping;
  // One listener per delivery that is followed.
  setMaxListeners(0, signal);
  const inFlight = new Map<string, Following>();
  let pause = FIRST_PAUSE_MS;
  const work = createWake(clock);
  let isHolding = false;
  /** Something waits for a place. */
  let isFull = false;

  const follow = async (id: string): Promise<void> => {
    const onChange = (record: DeliveryRecord): void => {
      const following = inFlight.get(id);
      if (following) {
        following.isBehind = isBehind(record);
        following.isIncluded = record.status === "included";
        if (following.isIncluded && isFull) work.notify();
      }
      parts.onChange(record);
    };
    try {
      await adapter.settle(id, { signal, onChange });
      pause = FIRST_PAUSE_MS;
    } catch (error) {
      if (signal.aborted) return;
      log.warn("delivery waits", { delivery: id, code: toWire(error).code, pause });
      // It stays in flight while it waits, so that no pass takes it up at once.
      await clock.sleep(pause, { signal }).catch(() => undefined);
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    } finally {
      inFlight.delete(id);
      parts.onProgress();
      work.notify();
    }
  };

  /** Ends a delivery that nothing was signed for. */
  const end = async (
    row: DeliveryRow,
    status: "superseded" | "failed",
    { code, message }: FabricError,
  ): Promise<DeliveryRecord> => {
    const change = { status, error: code, detail: message };
    await store.transaction((trx) => changeDelivery(trx, row.id, change, clock.now()));
    return toDeliveryRecord((await findDelivery(store.db, row.id)) ?? row);
  };

  const prepare = async (row: DeliveryRow): Promise<DeliveryRecord> => {
    const binding = bindingOf(parts.bindings, row);
    const isUnsigned = row.status === "prepared" && row.attempts === 0;
    const isRetried = row.subStatus === "retried";
    if (binding.mode === "latest" && (isUnsigned || isRetried)) {
      const newest = await newestRoundFor(store.db, row);
      if (newest > row.round)
        return await end(
          row,
          "superseded",
          fabricError("DELIVERY_OVERTAKEN", { delivery: row.id, newest }),
        );
    }
    try {
      return await adapter.prepare(await toDelivery(store, row, binding), { signal });
    } catch (error) {
      // An adapter refuses only what it has nothing signed for.
      if (row.status !== "prepared" || !isOfDelivery(error)) throw error;
      log.error("a delivery cannot be put on chain", { delivery: row.id, error });
      return await end(row, "failed", error);
    }
  };

  /** Left to the host that made the round, as long as that may still deliver it; what the chain has is not waited for. */
  const isHeld = async (row: DeliveryRow): Promise<boolean> => {
    const holdMs = parts.holdMs(row.feed);
    if (holdMs === 0 || row.status !== "prepared" || row.attempts > 0) return false;
    if (row.createdAt + holdMs <= clock.now()) return false;
    const round = await findRound(store.db, row.feed, row.round);
    if (round?.runId !== null) return false;
    const { feedHash } = readCommittedRound(round);
    try {
      const landed = await adapter.latest({ contract: row.contract, feedHash }, { signal });
      return (landed?.round ?? 0) < row.round;
    } catch (error) {
      // A contract that gives no answer takes no round either: its delivery says why.
      if (isOfDelivery(error)) return false;
      throw error;
    }
  };

  /** Contracts whose order holds everything back, and how many deliveries are really on their way. */
  const standing = (): { readonly behind: Set<string>; readonly moving: number } => {
    const held = [...inFlight.values()].filter((each) => each.isBehind);
    return {
      // Where only the latest counts, a newer round is what ends the wait of an older one.
      behind: new Set(held.flatMap(({ contract, isInOrder }) => (isInOrder ? contract : []))),
      moving: [...inFlight.values()].filter((each) => !each.isBehind && !each.isIncluded).length,
    };
  };

  /** Null while it is left to another host, or waits for its contract. */
  const prepareUnlessHeld = async (
    row: DeliveryRow,
    behind: Set<string>,
  ): Promise<DeliveryRecord | null> => {
    try {
      if (!(await isHeld(row))) return await prepare(row);
      isHolding = true;
      // A round of this host's own that overtook it would shut it out.
      if (bindingOf(parts.bindings, row).mode === "every") behind.add(row.contract);
    } catch (error) {
      if (!isOfContract(error)) throw error;
      log.warn("delivery waits", { delivery: row.id, code: toWire(error).code });
      behind.add(row.contract);
    }
    return null;
  };

  const pass = async (): Promise<void> => {
    const { behind, moving } = standing();
    isHolding = false;
    isFull = false;
    const rows = await openDeliveries(store.db, {
      chain: adapter.name,
      // Those that are followed may all come first.
      limit: inFlight.size + MAX_IN_FLIGHT * 2,
      except: [...behind],
    });
    let room = MAX_IN_FLIGHT - moving;
    for (const row of rows) {
      isFull = room <= 0;
      if (signal.aborted || isFull) return;
      if (inFlight.has(row.id) || behind.has(row.contract)) continue;
      const record = await prepareUnlessHeld(row, behind);
      parts.onProgress();
      if (!record) continue;
      if (isSettled(record)) parts.onChange(record);
      else {
        const isInOrder = bindingOf(parts.bindings, row).mode === "every";
        const following: Following = {
          isInOrder,
          contract: row.contract,
          isBehind: isBehind(record),
          isIncluded: record.status === "included",
          ended: NOTHING,
        };
        inFlight.set(record.id, following);
        following.ended = follow(record.id);
        if (following.isBehind && isInOrder) behind.add(row.contract);
        if (!following.isBehind && !following.isIncluded) room -= 1;
      }
    }
  };

  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      parts.onProgress();
      try {
        await pass();
        await work.wait(isHolding ? HOLD_MS : IDLE_MS, { signal });
      } catch (error) {
        if (signal.aborted) break;
        log.warn("deliveries pause", { chain: adapter.name, pause, error });
        await clock.sleep(pause, { signal }).catch(() => undefined);
        pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
      }
    }
    await Promise.all([...inFlight.values()].map((each) => each.ended));
  };

  const loopEnded = loop();
  return {
    wake: () => {
      work.notify();
    },
    async stop() {
      stopping.abort(fabricError("INTERRUPTED", { what: "The delivery" }));
      await loopEnded;
    },
  };
};
