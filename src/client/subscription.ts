import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import type { RoundAnswer } from "./answers.ts";
import type { CallOptions } from "./call-options.ts";
import { pause } from "./pause.ts";
import type { SessionAnswer } from "./subscription-answers.ts";

/** A round that came by a subscription. Until it is acknowledged it comes again after every new start. */
export interface RoundEvent {
  /** Its place in the host's log of rounds. */
  readonly position: number;
  readonly round: RoundAnswer;
  /** Acknowledges this event and all before it. Throws `SUBSCRIPTION_LOST`, `CLIENT_UNREACHABLE`. */
  ack(options?: CallOptions): Promise<void>;
}

/** A subscription in this process's hands: its events, once through. */
export interface Subscription extends AsyncIterable<RoundEvent> {
  readonly name: string;
  /** Gives it back to the next consumer. Leaving the loop does the same. */
  close(): Promise<void>;
}

/** What a subscription asks of its host. */
export interface SubscriptionDesk {
  open(signal: AbortSignal): Promise<SessionAnswer>;
  renew(session: string, signal: AbortSignal): Promise<SessionAnswer>;
  release(session: string): Promise<void>;
  pull(
    request: {
      readonly session: string;
      readonly after: number | null;
      readonly limit: number;
      readonly waitMs: number;
    },
    signal: AbortSignal,
  ): Promise<readonly { readonly position: number; readonly round: RoundAnswer }[]>;
  acknowledge(session: string, position: number, signal: AbortSignal | undefined): Promise<void>;
}

/** How a subscription is read. */
export interface SubscriptionSettings {
  readonly name: string;
  /** Events that may be in hand without an acknowledgement. */
  readonly window: number;
  /** Longest time without an acknowledgement while the window is full, ms. */
  readonly ackTimeoutMs: number;
  /** Longest time that one question waits at the host, ms. */
  readonly waitMs: number;
  /** Wait for a subscription that another consumer holds. */
  readonly wait: boolean;
  readonly signal: AbortSignal;
}

/** Waits before the next try, ms: the last one stays. */
const RETRY_MS = [100, 300, 1_000, 2_000, 5_000];
/** A question that was to wait and brought nothing was answered sooner than this, ms: its host did not wait. */
const AT_ONCE_MS = 50;
/** Most events that one question brings. */
const MAX_PAGE = 100;

/** What heals by itself: the host is away, or has no place for one more question. */
const heals = (error: unknown): boolean =>
  isFabricError(error, "CLIENT_UNREACHABLE") || isFabricError(error, "SUBSCRIPTION_READERS");

/**
 * Reads a subscription: pages of events, handed out one by one, no more than the window without acknowledgement. Over lost
 * connections and a host that was away it goes on; over a lost session it begins again at the cursor.
 */
export const createSubscription = (
  desk: SubscriptionDesk,
  settings: SubscriptionSettings,
  first: SessionAnswer,
): Subscription => {
  const ending = new AbortController();
  const outer = () => ending.abort();
  settings.signal.addEventListener("abort", outer, { once: true });
  if (settings.signal.aborted) outer();
  const { signal } = ending;
  let session: SessionAnswer | null = first;
  /** Place of the last event that was read; null: the cursor. */
  let after: number | null = null;
  /** Places of events without acknowledgement, oldest first. */
  let inHand: number[] = [];
  let acknowledged: (() => void) | null = null;

  /** Tries until it succeeds, fails for good, or the subscription ends; null then. */
  const persist = async <Result>(work: () => Promise<Result>): Promise<Result | null> => {
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted) return null;
        const taken = settings.wait && isFabricError(error, "SUBSCRIPTION_TAKEN");
        if (!heals(error) && !taken) throw error;
        await pause(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 0, signal);
      }
    }
    return null;
  };

  const current = async (): Promise<SessionAnswer | null> => {
    session ??= await persist(() => desk.open(signal));
    return session;
  };
  const lose = (): void => {
    session = null;
    after = null;
    inHand = [];
  };

  /** Only under the session that brought it: the cursor of a later one may have been put back on purpose. */
  const acknowledge = async (
    position: number,
    held: SessionAnswer | null,
    call: CallOptions | undefined,
  ): Promise<void> => {
    if (held === null || session !== held)
      throw fabricError("SUBSCRIPTION_LOST", { name: settings.name });
    await desk.acknowledge(held.session, position, call?.signal);
    inHand = inHand.filter((place) => place > position);
    acknowledged?.();
  };

  /** Throws `SUBSCRIPTION_NOT_ACKNOWLEDGED`. */
  const awaitRoom = async (): Promise<void> => {
    while (inHand.length >= settings.window && !signal.aborted) {
      const before = inHand.length;
      const enough = new AbortController();
      const stop = () => enough.abort();
      acknowledged = stop;
      signal.addEventListener("abort", stop, { once: true });
      await pause(settings.ackTimeoutMs, enough.signal);
      signal.removeEventListener("abort", stop);
      acknowledged = null;
      if (!enough.signal.aborted && inHand.length >= before)
        throw fabricError("SUBSCRIPTION_NOT_ACKNOWLEDGED", {
          name: settings.name,
          ms: settings.ackTimeoutMs,
          count: inHand.length,
        });
    }
  };

  const page = async () => {
    const held = await current();
    if (held === null) return [];
    const limit = Math.min(MAX_PAGE, settings.window - inHand.length);
    try {
      const request = { session: held.session, after, limit, waitMs: settings.waitMs };
      return (await persist(() => desk.pull(request, signal))) ?? [];
    } catch (error) {
      if (!isFabricError(error, "SUBSCRIPTION_LOST")) throw error;
      lose();
      return [];
    }
  };

  const close = async (): Promise<void> => {
    clearTimeout(renewal);
    settings.signal.removeEventListener("abort", outer);
    ending.abort();
    const held = session;
    session = null;
    // A host that cannot be told now takes it back when the lease runs out.
    if (held !== null) await desk.release(held.session).catch(() => {});
  };

  /** While the reader works on what it has, nobody asks for more: the session is held all the same. */
  let renewal: ReturnType<typeof setTimeout> | undefined;
  const renewSoon = (): void => {
    const { leaseMs } = session ?? first;
    renewal = setTimeout(() => void renew(), leaseMs / 3);
    // In Node a subscription that nobody reads keeps no process alive; browsers number their timers.
    if (typeof renewal === "object") renewal.unref();
  };
  const renew = async (): Promise<void> => {
    const held = session;
    try {
      if (held !== null) await desk.renew(held.session, signal);
    } catch (error) {
      if (isFabricError(error, "SUBSCRIPTION_LOST") && session === held) lose();
    }
    if (!signal.aborted) renewSoon();
  };
  renewSoon();

  async function* read(): AsyncGenerator<RoundEvent> {
    /** Questions in a row that brought nothing at once. A host that does not wait must not be asked without end. */
    let idle = 0;
    try {
      while (!signal.aborted) {
        await awaitRoom();
        const asked = performance.now();
        const events = await page();
        idle = events.length > 0 || performance.now() - asked >= AT_ONCE_MS ? 0 : idle + 1;
        if (idle > 1) await pause(RETRY_MS[Math.min(idle - 2, RETRY_MS.length - 1)] ?? 0, signal);
        const held = session;
        for (const { position, round } of events) {
          // What is left of a page of a lost session comes again with the next one.
          if (signal.aborted || session !== held) break;
          after = position;
          inHand.push(position);
          yield { position, round, ack: (call) => acknowledge(position, held, call) };
        }
      }
    } finally {
      await close();
    }
  }
  const events = read();
  return { name: settings.name, close, [Symbol.asyncIterator]: () => events };
};
