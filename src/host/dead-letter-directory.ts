import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../core/clock.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { Log } from "../core/log.ts";
import {
  findDeadLetter,
  listDeadLetters,
  markReplayed,
  type DeadLetterRow,
} from "../store/dead-letters.ts";
import type { Store } from "../store/store.ts";
import type { DeadLetterDirectory, DeadLetterView } from "./fabric.ts";

const view = ({ data, ...row }: DeadLetterRow): DeadLetterView => ({ ...row, bytes: data.length });

/**
 * Dead letters as the API reads and replays them. A replay publishes the same bytes on the same subject under an id of
 * its own: consumers that applied the message do nothing, the one that gave up gets another try.
 */
export const createDeadLetterDirectory = (parts: {
  readonly store: Store;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
}): DeadLetterDirectory => {
  const { store, bus, clock, log } = parts;
  const get = async (id: string): Promise<DeadLetterRow> => {
    const row = await findDeadLetter(store.db, id);
    if (!row) throw fabricError("DEAD_LETTER_UNKNOWN", { deadLetter: id });
    return row;
  };
  return {
    list: async (filter) => (await listDeadLetters(store.db, filter)).map(view),
    get: async (id) => view(await get(id)),
    async replay(id) {
      const row = await get(id);
      // Two replays at once are one: the number is part of the id.
      const messageId = `replay:${id}:${row.replays + 1}`;
      const { sequence } = await bus.publish(row.subject, row.data, { messageId });
      await store.transaction((trx) => markReplayed(trx, id, clock.now()));
      log.info("dead letter put back", { deadLetter: id, sequence });
      return view(await get(id));
    },
  };
};
