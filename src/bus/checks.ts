import { z } from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { ConsumeOptions, StreamConfig } from "./bus.ts";
import { checkFilter, checkSubject, overlapping } from "./subject.ts";

/** Largest message, bytes: its dead letter, in base64, still fits NATS's default of 1 MiB. */
export const MAX_PAYLOAD = 512 * 1024;

/** Subjects below this belong to the bus. */
export const DEAD_PREFIX = "dead";

const MAX_AGE_MS = 366 * 86_400_000;
const streamSchema = z
  .strictObject({
    name: z.string().regex(/^[A-Z][A-Z0-9_]{0,31}$/),
    subjects: z.array(z.string()).min(1).max(16),
    maxAgeMs: z.int().min(1_000).max(MAX_AGE_MS),
    duplicateWindowMs: z.int().min(100).max(MAX_AGE_MS),
  })
  .refine((config) => config.duplicateWindowMs <= config.maxAgeMs, {
    path: ["duplicateWindowMs"],
    message: "longer than maxAgeMs",
  });

const consumerSchema = z.object({
  durable: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/),
  ackWaitMs: z.int().min(10).max(3_600_000),
  maxDeliver: z.int().min(1).max(1_000_000),
  maxInFlight: z.int().min(1).max(1_000).optional(),
});

/** Throws `BUS_STREAM_INVALID`, `BUS_SUBJECT_INVALID`. */
export const checkStream = (config: StreamConfig): void => {
  const parsed = streamSchema.safeParse(config);
  if (!parsed.success)
    throw fabricError("BUS_STREAM_INVALID", {
      stream: config.name.slice(0, 64),
      reason: firstFault(parsed.error),
    });
  for (const [i, filter] of config.subjects.entries()) {
    checkFilter(filter);
    const others = [...config.subjects.slice(i + 1), `${DEAD_PREFIX}.>`];
    const other = others.find((known) => overlapping(filter, known));
    if (other !== undefined)
      throw fabricError("BUS_STREAM_INVALID", {
        stream: config.name,
        reason: `${filter} overlaps ${other}`,
      });
  }
};

/** Throws `BUS_CONSUMER_INVALID`, `BUS_SUBJECT_INVALID`. */
export const checkConsumer = (options: ConsumeOptions): void => {
  const parsed = consumerSchema.safeParse(options);
  if (!parsed.success)
    throw fabricError("BUS_CONSUMER_INVALID", {
      consumer: options.durable.slice(0, 100),
      reason: firstFault(parsed.error),
    });
  if (options.filterSubject !== undefined) checkFilter(options.filterSubject);
};

/** Throws `BUS_SUBJECT_INVALID`, `BUS_PAYLOAD_TOO_LARGE`, `BUS_MESSAGE_ID_INVALID`. */
export const checkMessage = (
  subject: string,
  data: Uint8Array,
  { messageId, limit = MAX_PAYLOAD }: { readonly messageId?: string; readonly limit?: number } = {},
): void => {
  checkSubject(subject);
  if (data.byteLength > limit)
    throw fabricError("BUS_PAYLOAD_TOO_LARGE", { size: data.byteLength, limit });
  if (messageId !== undefined && !/^[A-Za-z0-9:._-]{1,200}$/.test(messageId))
    throw fabricError("BUS_MESSAGE_ID_INVALID", { messageId: messageId.slice(0, 100) });
};

const firstFault = (error: z.ZodError): string => {
  const [issue] = error.issues;
  return issue ? `${issue.path.join(".")}: ${issue.message}` : "invalid";
};
