import type { BuiltPackage } from "../../../enclave-sim/host/build-package.ts";
import { systemClock } from "../../core/clock.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { feedIdSchema } from "../../core/ids.ts";
import type { ClockMove, DevControls } from "./dev-control.ts";
import type { DevFeed, DevTime } from "./dev-event.ts";
import { toDevFault } from "./dev-fault.ts";
import {
  servePackage,
  type DevContracts,
  type Service,
  type ServiceParts,
} from "./serve-package.ts";

/** What a session is like at the moment. */
export interface DevState {
  /** Of the API; null while nothing is in service. */
  readonly url: string | null;
  readonly feeds: readonly DevFeed[];
  readonly time: DevTime;
  readonly measurement: string | null;
}

/** One package in service at a time. */
export interface DevSession extends Omit<DevControls, "stop" | "reload"> {
  /**
   * Puts a package into service in place of the one before, and runs it. `seenAt` is when its change was seen, ms of
   * `performance.now()`. One that does not start is told of, and the one before goes on; throws where there was none.
   */
  replace(built: BuiltPackage, seenAt: number): Promise<void>;
  /** What is in service. */
  built(): BuiltPackage | null;
  close(): Promise<void>;
}

/** Bounds of the market clock: contracts count seconds in 32 bits, certificates years in four digits. */
export const CLOCK_BOUNDS = {
  from: Date.parse("2000-01-01T00:00:00Z"),
  to: Date.parse("2099-12-31T00:00:00Z"),
  stepMs: 30 * 86_400_000,
  speed: 3_600,
} as const;
/** By so much a clock that stands still goes on with each run that is asked for, ms: contracts count seconds. */
const STEP_MS = 1_000;
/** Between two looks at the chain's clock, real ms. */
const TICK_MS = 100;

const refuse = (reason: string) => fabricError("CLOCK_REFUSED", { reason });

/** Where a move would lead. Throws `CLOCK_REFUSED`. */
export const targetOf = ({ advanceMs, to, speed }: ClockMove, now: number): number => {
  const target = to ?? now + (advanceMs ?? 0);
  if (target < now) throw refuse(`${new Date(target).toISOString()} is past`);
  if (target - now > CLOCK_BOUNDS.stepMs) throw refuse("that is more than 30 days on");
  if (target > CLOCK_BOUNDS.to) throw refuse("that is behind the year 2099");
  if (speed !== undefined && (speed < 0 || speed > CLOCK_BOUNDS.speed))
    throw refuse(`${speed} is no speed from 0 to ${CLOCK_BOUNDS.speed}`);
  return target;
};

/** @see DevSession */
export const createDevSession = (
  parts: ServiceParts,
  firstPort: number | undefined,
): DevSession => {
  const { chain, clock, emit, signal } = parts;
  const contracts: DevContracts = new Map();
  let port = firstPort;
  let number = 0;
  let service: Service | null = null;
  let work: Promise<unknown> = Promise.resolve();
  /** One after the other: a service is replaced or closed by one alone. */
  const inTurn = <Value>(act: () => Promise<Value>): Promise<Value> => {
    const done = work.then(act);
    work = done.catch(() => {});
    return done;
  };
  const time = (): DevTime => ({ now: clock.now(), speed: clock.speed, moved: clock.moved });

  const serve = async (built: BuiltPackage): Promise<void> => {
    number += 1;
    service = await servePackage(parts, { built, contracts, number, port });
    // Whoever reads the API finds it where it was.
    port = Number(new URL(service.url).port);
  };

  const runAll = async (feeds: readonly string[]): Promise<void> => {
    const current = service;
    if (!current) return;
    // A round is later than the one before it, also where the clock stands still.
    if (clock.speed === 0) {
      await chain?.setTime(clock.now() + STEP_MS);
      clock.advance(STEP_MS);
    }
    await Promise.all(
      feeds.map(async (name) => {
        const feed = feedIdSchema.safeParse(name);
        if (!feed.success || !current.feeds.some(({ id }) => id === name))
          throw fabricError("FEED_UNKNOWN", { feed: name });
        await current.fabric.trigger(feed.data);
      }),
    );
  };

  const replace = async (built: BuiltPackage, seenAt: number): Promise<void> => {
    const before = service;
    if (before) {
      emit({ type: "reloading" });
      service = null;
      await before.stop();
    }
    try {
      await serve(built);
    } catch (error) {
      if (!before || signal.aborted) throw error;
      await serve(before.built);
      emit({ type: "reload-failed", error: toDevFault(error, built), running: true });
      return;
    }
    const current = service;
    if (!before || !current) return;
    const { id, version } = built.manifest;
    const { measurement, fabric, feeds } = current;
    const end = fabric.events.subscribe((event) => {
      if (event.type !== "run-started") return;
      end();
      const durationMs = Math.round(performance.now() - seenAt);
      emit({ type: "reloaded", cryptlet: id, version, measurement, durationMs });
    });
    // Not waited for: how it ends is told as of every run.
    runAll(feeds.map(({ id: feed }) => feed)).catch(() => {});
  };

  /** The chain's clock goes at the machine's pace: where the market's is faster it is set, a tick ahead. */
  const follow = async (): Promise<void> => {
    let holdAt = parts.holdAt;
    while (!signal.aborted) {
      await systemClock.sleep(TICK_MS, { signal });
      if (holdAt !== null && service && clock.now() >= holdAt) {
        holdAt = null;
        clock.setSpeed(0);
        emit({ type: "clock", time: time() });
        emit({
          type: "note",
          message:
            "The recording tells nothing later, so the clock stands still: a save or r runs, + moves it on.",
        });
      }
      if (clock.speed > 1) await chain?.setTime(clock.now() + clock.speed * TICK_MS);
      if (clock.moved) await service?.keepAdmitted();
    }
  };
  const following = follow().catch((error: unknown) => {
    if (!signal.aborted) emit({ type: "note", message: toDevFault(error).message });
  });

  return {
    state: () => ({
      url: service?.url ?? null,
      feeds: service?.feeds ?? [],
      time: time(),
      measurement: service?.measurement ?? null,
    }),
    run: (feed) => runAll(feed === null ? (service?.feeds ?? []).map(({ id }) => id) : [feed]),
    moveClock: async (move) => {
      const now = clock.now();
      const target = targetOf(move, now);
      // The chain first: what runs at the new time may be on its way there at once.
      await chain?.setTime(target);
      if (target > now) clock.advance(target - now);
      if (move.speed !== undefined) clock.setSpeed(move.speed);
      await service?.keepAdmitted();
      emit({ type: "clock", time: time() });
    },
    replace: (built, seenAt) => inTurn(() => replace(built, seenAt)),
    built: () => service?.built ?? null,
    close: () =>
      inTurn(async () => {
        await service?.stop();
        service = null;
        await following;
      }),
  };
};
