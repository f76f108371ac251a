import { z } from "zod";
import type { Bus, StreamConfig } from "../bus/bus.ts";
import type { Clock } from "../core/clock.ts";
import { isFabricError } from "../core/errors/fabric-error.ts";
import type { FabricId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { createWake } from "../core/wake.ts";

const HOUR_MS = 3_600_000;

/** Stream that keeps who leads; the newest message of a lease's subject counts. */
export const leaseStream = (fabric: FabricId): StreamConfig => ({
  name: `LEASES_${fabric.toUpperCase().replaceAll("-", "_").slice(0, 20)}`,
  subjects: [`cryptlet.${fabric}.lease.>`],
  maxAgeMs: HOUR_MS,
  duplicateWindowMs: 60_000,
});

/** How far an epoch in the register is believed beyond the last one: nobody can use all of them up. */
const MAX_EPOCH_STEP = 65_536;
const MAX_EPOCH = 0xffff_ffff;
const entrySchema = z.strictObject({
  holder: z.string().min(1).max(32).nullable(),
  epoch: z.int().min(0).max(MAX_EPOCH),
});
type Entry = z.infer<typeof entrySchema>;

/** Who leads, as this host sees it. */
export interface LeaseView {
  /** Null while nobody does. */
  readonly holder: string | null;
  readonly epoch: number;
}

/**
 * Leadership of some feeds for a while. It keeps two hosts from working at the same time, and makes epochs; it is no
 * promise that they never do. What is signed is safe without it: enclaves stand by one statement of a round.
 */
export interface Lease {
  /** Epoch while this host leads; null otherwise. */
  epoch(): number | null;
  view(): LeaseView;
  /** Somebody knows a later epoch: the next one is above it. */
  raise(epoch: number): void;
  /** Lets another member lead, and waits for its own turn behind all of them. */
  yield(): void;
  /** Gives the lease back, so that nobody has to wait for its end. */
  stop(): Promise<void>;
}

export interface LeaseParts {
  readonly bus: Bus;
  readonly fabric: FabricId;
  readonly name: string;
  readonly self: string;
  /** Members in the order in which they should lead. */
  readonly ranking: readonly string[];
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when this host begins or ends to lead. */
  readonly onChange?: (epoch: number | null) => void;
}

const parseEntry = (data: Uint8Array): Entry | null => {
  try {
    return entrySchema.safeParse(JSON.parse(new TextDecoder().decode(data))).data ?? null;
  } catch {
    return null;
  }
};

/**
 * Starts to look after a lease. Its holder renews it by compare-and-set; others take it when it stood still for
 * `leaseMs` by their own clock, the first of the ranking first and each later one a quarter of `leaseMs` behind. No
 * clock is compared with another host's.
 */
export const startLease = (parts: LeaseParts): Lease => {
  const { bus, self, leaseMs, clock, log } = parts;
  const stream = leaseStream(parts.fabric).name;
  const subject = `cryptlet.${parts.fabric}.lease.${parts.name}`;
  const stagger = leaseMs / 4;
  const place = Math.max(0, parts.ranking.indexOf(self));
  const halt = new AbortController();
  const wake = createWake(clock);
  let held: { readonly epoch: number; readonly sequence: number; readonly until: number } | null =
    null;
  let seen = { sequence: -1, at: clock.monotonic() };
  let view: LeaseView = { holder: null, epoch: 0 };
  let known = 0;
  let restUntil = 0;
  let isYielding = false;

  const lose = (): void => {
    if (!held) return;
    held = null;
    parts.onChange?.(null);
  };
  const write = async (entry: Entry, expected: number): Promise<void> => {
    const at = clock.monotonic();
    const data = new TextEncoder().encode(JSON.stringify(entry));
    try {
      const ack = await bus.publish(subject, data, { expectLastSequence: expected });
      seen = { sequence: ack.sequence, at };
      view = entry;
      known = Math.max(known, entry.epoch);
      const isNew = held?.epoch !== entry.epoch;
      held =
        entry.holder === self
          ? { epoch: entry.epoch, sequence: ack.sequence, until: at + leaseMs }
          : null;
      if (held && isNew) parts.onChange?.(entry.epoch);
    } catch (error) {
      if (!isFabricError(error, "BUS_SEQUENCE_DIFFERS")) throw error;
      lose();
    }
  };
  const giveBack = async (sequence: number): Promise<void> => {
    const epoch = held?.epoch ?? known;
    lose();
    restUntil = clock.monotonic() + leaseMs + parts.ranking.length * stagger;
    await write({ holder: null, epoch }, sequence);
  };
  const look = async (): Promise<void> => {
    const last = await bus.lastMessage(stream, subject, { signal: halt.signal });
    const now = clock.monotonic();
    const sequence = last?.sequence ?? 0;
    // What nobody of us wrote is as good as nothing: it is overwritten when it stood long enough.
    const entry = (last && parseEntry(last.data)) ?? { holder: null, epoch: 0 };
    if (seen.sequence !== sequence) seen = { sequence, at: now };
    view = entry;
    if (entry.epoch > known && entry.epoch <= known + MAX_EPOCH_STEP) known = entry.epoch;
    if (held) {
      if (held.sequence !== sequence || held.epoch < known) lose();
      else if (isYielding) {
        isYielding = false;
        return await giveBack(sequence);
      } else return await write({ holder: self, epoch: held.epoch }, sequence);
    }
    isYielding = false;
    // An entry of this host's own that it does not remember is from a life before this one.
    const own = entry.holder === self;
    const standsMs = entry.holder === null || own ? 0 : leaseMs;
    if (now < restUntil || now - seen.at < standsMs + (own ? 0 : place * stagger)) return;
    await write({ holder: self, epoch: Math.min(MAX_EPOCH, known + 1) }, sequence);
  };
  const loop = async (): Promise<void> => {
    let isFailing = false;
    while (!halt.signal.aborted) {
      try {
        await look();
        isFailing = false;
      } catch (error) {
        if (halt.signal.aborted) break;
        if (!isFailing) log.warn("the lease cannot be looked after", { lease: parts.name, error });
        isFailing = true;
      }
      await wake.wait(leaseMs / 4, { signal: halt.signal }).catch(() => undefined);
    }
  };
  const ended = loop();

  return {
    epoch: () => (held && clock.monotonic() < held.until ? held.epoch : null),
    view: () => view,
    raise: (epoch) => {
      if (epoch <= known || epoch > MAX_EPOCH) return;
      known = epoch;
      wake.notify();
    },
    yield: () => {
      if (!held) return;
      isYielding = true;
      wake.notify();
    },
    stop: async () => {
      halt.abort();
      await ended;
      if (held) await giveBack(held.sequence).catch(() => undefined);
    },
  };
};
