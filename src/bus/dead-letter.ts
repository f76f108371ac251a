import { z } from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { Message, StreamConfig } from "./bus.ts";
import { DEAD_PREFIX } from "./checks.ts";

const deadLetterSchema = z.strictObject({
  stream: z.string().max(64),
  consumer: z.string().max(64),
  sequence: z.int().min(1),
  subject: z.string().max(255),
  messageId: z.string().max(200).nullable(),
  deliveries: z.int().min(1),
  /** Code of the last error, or what the handler gave as reason. */
  reason: z.string().max(200),
  /** ms since epoch. */
  at: z.int().min(0),
  /** Base64. */
  data: z.string(),
});

/** A message that no delivery could settle, as it lies in `<stream>_DEAD`. */
export type DeadLetter = z.infer<typeof deadLetterSchema>;

/** The stream of a stream's dead letters: kept four times as long. */
export const deadStream = (config: StreamConfig): StreamConfig => ({
  name: `${config.name}_DEAD`,
  subjects: [`${DEAD_PREFIX}.${config.name}.>`],
  maxAgeMs: Math.min(config.maxAgeMs * 4, 366 * 86_400_000),
  duplicateWindowMs: config.duplicateWindowMs,
});

/** Where a dead letter goes, and as what. Its message id keeps it single when the process dies in between. */
export const buryMessage = (
  message: Message,
  consumer: string,
  reason: string,
  at: number,
): { readonly subject: string; readonly messageId: string; readonly data: Uint8Array } => {
  const letter: DeadLetter = {
    stream: message.stream,
    consumer,
    sequence: message.sequence,
    subject: message.subject,
    messageId: message.messageId,
    deliveries: message.deliveries,
    reason: reason.slice(0, 200),
    at,
    data: Buffer.from(message.data).toString("base64"),
  };
  return {
    subject: `${DEAD_PREFIX}.${message.stream}.${consumer}`,
    messageId: `dead:${message.stream}:${consumer}:${message.sequence}`,
    data: Buffer.from(JSON.stringify(letter)),
  };
};

/**
 * Reads a message of a `_DEAD` stream. To try again, publish `data` to `subject`: give it a message id only when the
 * duplicate window is over.
 */
export const readDeadLetter = (data: Uint8Array): DeadLetter & { readonly bytes: Uint8Array } => {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(data).toString("utf8"));
  } catch {
    json = null;
  }
  const parsed = deadLetterSchema.safeParse(json);
  if (!parsed.success) throw fabricError("BUS_DEAD_LETTER_INVALID", {});
  return { ...parsed.data, bytes: new Uint8Array(Buffer.from(parsed.data.data, "base64")) };
};
