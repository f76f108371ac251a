import { fabricError } from "../../core/errors/fabric-error.ts";
import { fromWire, toWire } from "../../core/errors/wire.ts";
import type { NoteHandler, Subscription } from "../bus.ts";
import { matchesSubject } from "../subject.ts";

interface Listener {
  readonly filter: string;
  readonly queue: string | null;
  readonly handler: NoteHandler;
}

/** Plain subjects of the in-process bus: who listens now hears. */
export interface NoteHub {
  subscribe(filter: string, queue: string | null, handler: NoteHandler): Subscription;
  notify(subject: string, data: Uint8Array): void;
  /** Resolves with the first answer, rejects with the responder's error or `BUS_NO_RESPONDER`; may never settle. */
  ask(subject: string, data: Uint8Array): Promise<Uint8Array>;
  /** Resolves when no handler runs. */
  idle(): Promise<void>;
}

/** Listeners hear on a later turn, and a queue group's members take turns. */
export const createNoteHub = (): NoteHub => {
  const listeners = new Set<Listener>();
  const running = new Set<Promise<unknown>>();
  let turn = 0;

  const hearers = (subject: string): readonly Listener[] => {
    const groups = new Map<string, Listener[]>();
    const all: Listener[] = [];
    for (const listener of listeners) {
      if (!matchesSubject(listener.filter, subject)) continue;
      if (listener.queue === null) all.push(listener);
      else groups.set(listener.queue, [...(groups.get(listener.queue) ?? []), listener]);
    }
    turn += 1;
    for (const members of groups.values()) {
      const member = members[turn % members.length];
      if (member) all.push(member);
    }
    return all;
  };

  const call = (
    { handler }: Listener,
    subject: string,
    data: Uint8Array,
  ): Promise<Uint8Array | void> => {
    const work = (async () => {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      // A copy: what one listener does to the bytes is not seen by others.
      return await handler({ subject, data: data.slice() });
    })();
    running.add(work);
    const forget = (): void => {
      running.delete(work);
    };
    work.then(forget, forget);
    return work;
  };

  return {
    subscribe: (filter, queue, handler) => {
      const listener: Listener = { filter, queue, handler };
      listeners.add(listener);
      return {
        stop: async () => {
          listeners.delete(listener);
        },
      };
    },
    notify: (subject, data) => {
      for (const listener of hearers(subject)) void call(listener, subject, data).catch(() => {});
    },
    ask: (subject, data) =>
      new Promise((resolve, reject) => {
        const asked = hearers(subject);
        if (asked.length === 0) {
          reject(fabricError("BUS_NO_RESPONDER", { subject }));
          return;
        }
        for (const listener of asked) void answerOf(call(listener, subject, data), resolve, reject);
      }),
    idle: async () => {
      await Promise.allSettled(running);
    },
  };
};

/** A listener that returns nothing leaves the answer to others. */
const answerOf = async (
  work: Promise<Uint8Array | void>,
  resolve: (answer: Uint8Array) => void,
  reject: (error: Error) => void,
): Promise<void> => {
  try {
    const answer = await work;
    if (answer) resolve(answer);
  } catch (error) {
    // The same way over the wall as with a server in between: code and arguments only.
    reject(fromWire(toWire(error)));
  }
};
