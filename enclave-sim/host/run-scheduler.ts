import { fabricError } from "../../src/core/errors/fabric-error.ts";

/**
 * Who runs next when there are more runs than places. Start-time fair queueing (Goyal, Vin, Cheng: "Start-time Fair
 * Queueing", SIGCOMM 1996) over measured guest time: a Cryptlet that used much waits for those that used little, so
 * that the greedy one delays nobody beyond a share that everybody has.
 */
export interface RunScheduler {
  /** The line of one Cryptlet. */
  open(cryptlet: string, publisher: PublisherPlaces): RunLine;
}

/** Runs of one Cryptlet: at most `width` at a time, the others wait in the order they came. */
export interface RunLine {
  /** `charge` takes the ms of guest time that a run used. Throws `RUN_QUEUE_FULL`, and `INTERRUPTED` when the signal ends the wait. */
  enter<Result>(
    work: (charge: (guestMs: number) => void) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result>;
}

/** Whose Cryptlet it is, and how many runs of all of theirs may go on at a time, so that nobody holds every place. */
export interface PublisherPlaces {
  readonly name: string;
  readonly places: number;
}

/** How many runs there may be at a time. */
export interface RunPlaces {
  /** Of all Cryptlets. */
  readonly total: number;
  /** Of one Cryptlet. */
  readonly width: number;
  /** Runs of one Cryptlet that wait; those that run do not count. */
  readonly waiting: number;
}

/** ms of guest time that a Cryptlet is expected to use before it was seen. */
const FIRST_ESTIMATE_MS = 5;
/** Weight of the newest run in the estimate. */
const ESTIMATE_SHARE = 0.2;

interface Line {
  readonly cryptlet: string;
  readonly publisher: PublisherPlaces;
  readonly waiters: (() => void)[];
  active: number;
  /** Guest time used on the common scale: the finish tag of the last run that began. */
  tag: number;
  estimate: number;
}

const interrupted = () => fabricError("INTERRUPTED", { what: "The run" });

export const createRunScheduler = (places: RunPlaces): RunScheduler => {
  /** Lines with somebody in them. */
  const waiting = new Set<Line>();
  const publishers = new Map<string, number>();
  let active = 0;
  /** Start tag of the run that began last: whoever was idle begins here, and gains nothing from having been idle. */
  let virtual = 0;

  const usedBy = ({ name }: PublisherPlaces): number => publishers.get(name) ?? 0;
  const hasPlace = (line: Line): boolean =>
    active < places.total &&
    line.active < places.width &&
    usedBy(line.publisher) < line.publisher.places;
  const begin = (line: Line) => {
    active += 1;
    line.active += 1;
    publishers.set(line.publisher.name, usedBy(line.publisher) + 1);
    virtual = Math.max(virtual, line.tag);
    line.tag = virtual + line.estimate;
  };
  const leavePublisher = (publisher: PublisherPlaces) => {
    const left = usedBy(publisher) - 1;
    if (left > 0) publishers.set(publisher.name, left);
    else publishers.delete(publisher.name);
  };
  const next = (): Line | undefined => {
    let best: Line | undefined;
    for (const line of waiting)
      if (hasPlace(line) && (!best || Math.max(line.tag, virtual) < Math.max(best.tag, virtual)))
        best = line;
    return best;
  };
  const startWaiting = () => {
    for (let line = next(); line; line = next()) {
      const go = line.waiters.shift();
      if (line.waiters.length === 0) waiting.delete(line);
      begin(line);
      go?.();
    }
  };
  const end = (line: Line) => {
    active -= 1;
    line.active -= 1;
    leavePublisher(line.publisher);
    startWaiting();
  };

  const takePlace = (line: Line, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(interrupted());
      if (line.waiters.length === 0 && hasPlace(line)) {
        begin(line);
        return resolve();
      }
      const { cryptlet, waiters } = line;
      if (waiters.length >= places.waiting)
        return reject(fabricError("RUN_QUEUE_FULL", { waiting: waiters.length, cryptlet }));
      const leave = () => {
        waiters.splice(waiters.indexOf(go), 1);
        if (waiters.length === 0) waiting.delete(line);
        reject(interrupted());
      };
      const go = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      waiters.push(go);
      waiting.add(line);
      signal.addEventListener("abort", leave, { once: true });
    });

  return {
    open: (cryptlet, publisher) => {
      const line: Line = {
        cryptlet,
        publisher,
        waiters: [],
        active: 0,
        tag: virtual,
        estimate: FIRST_ESTIMATE_MS,
      };
      return {
        enter: async (work, signal) => {
          await takePlace(line, signal);
          const expected = line.estimate;
          let used: number | undefined;
          try {
            return await work((guestMs) => {
              used = (used ?? 0) + guestMs;
            });
          } finally {
            if (used !== undefined) {
              line.tag += used - expected;
              line.estimate += ESTIMATE_SHARE * (used - line.estimate);
            }
            end(line);
          }
        },
      };
    },
  };
};
