import type { Bus, Consumption, Disposition, Message } from "../bus/bus.ts";
import { readDeadLetter } from "../bus/dead-letter.ts";
import type { Clock } from "../core/clock.ts";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import type { FabricId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { applyOnce } from "../store/apply-once.ts";
import { deadLetterId, keepDeadLetter } from "../store/dead-letters.ts";
import type { Store } from "../store/store.ts";
import { roundStream } from "./round-message.ts";

const ACK_WAIT_MS = 5_000;
/** Storing one row fails only with the database: then for as long as it does. */
const MAX_DELIVER = 1_000_000;

/**
 * Takes what consumers gave up on off the bus and keeps it in the database, where a person finds it and can put it
 * back. The stream goes on without it.
 */
export const startDeadLetterKeeper = async (parts: {
  readonly bus: Bus;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly fabric: FabricId;
  /** Name of this host where several take the same rounds; null where it is the only one. */
  readonly host: string | null;
}): Promise<Consumption> => {
  const { bus, store, clock, log } = parts;
  const { name: source } = roundStream(parts.fabric);
  const subjects = `cryptlet.${parts.fabric}.round.`;
  const stream = `${source}_DEAD`;
  // Each host keeps all of them: one that dies takes none with it.
  const durable = parts.host === null ? "keep-dead-letters" : `keep-dead-letters-${parts.host}`;

  const keep = async (message: Message): Promise<Disposition> => {
    const { at, bytes, data: _text, ...letter } = readDeadLetter(message.data);
    // A replay publishes on the letter's subject: only what came over our own stream is kept.
    if (letter.stream !== source || !letter.subject.startsWith(subjects))
      throw fabricError("BUS_DEAD_LETTER_INVALID", {});
    // Said by whoever published it: what was buried is in the letter, under a key of its own.
    const id = deadLetterId(letter);
    const isNew = await store.transaction((trx) =>
      applyOnce(
        trx,
        { stream, consumer: durable, sequence: message.sequence, messageId: `kept:${id}` },
        clock.now(),
        () => keepDeadLetter(trx, { ...letter, data: bytes, buriedAt: at }),
      ),
    );
    if (isNew) log.error("a message was given up on", { deadLetter: id, reason: letter.reason });
    return undefined;
  };

  return await bus.consume(
    { stream, durable, ackWaitMs: ACK_WAIT_MS, maxDeliver: MAX_DELIVER },
    async (message) => {
      try {
        return await keep(message);
      } catch (error) {
        if (!isFabricError(error, "BUS_DEAD_LETTER_INVALID")) throw error;
        // Nobody of ours wrote it, and it cannot be kept: it is said once and left.
        log.error("a dead letter cannot be read", { stream, sequence: message.sequence });
        return undefined;
      }
    },
  );
};
