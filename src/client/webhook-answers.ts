import * as z from "zod";
import { feedIdSchema } from "../core/ids.ts";

const text = z.string().max(4_096);
const time = z.int().min(0).max(253_402_300_799_999);
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** An endpoint that rounds are sent to. Times are ms since epoch. */
export const webhookAnswer = z.object({
  id: text,
  url: text,
  description: text,
  feeds: z.array(feedIdSchema).max(1_000),
  status: z.enum(["active", "stopped"]),
  stopped: text.nullable(),
  waiting: count,
  dead: count,
  behind: count,
  previousSecretUntil: time.nullable(),
  createdAt: time,
});
/** @see webhookAnswer */
export type WebhookAnswer = z.infer<typeof webhookAnswer>;
export const webhooksAnswer = z
  .object({ webhooks: z.array(webhookAnswer).max(10_000) })
  .transform(({ webhooks }) => webhooks);

/** The same with its secret, `whsec_…`, which is shown this once. */
export const webhookSecretAnswer = webhookAnswer.extend({ secret: z.string().max(200) });
/** @see webhookSecretAnswer */
export type WebhookSecretAnswer = z.infer<typeof webhookSecretAnswer>;

/** One round on its way to one webhook. Times are ms since epoch. */
export const webhookCallAnswer = z.object({
  id: text,
  webhook: text,
  feed: feedIdSchema,
  round: count,
  status: z.enum(["waiting", "delivered", "dead"]),
  attempts: count,
  replays: count,
  nextAt: time.nullable(),
  answer: count.nullable(),
  error: text.nullable(),
  createdAt: time,
  updatedAt: time,
});
/** @see webhookCallAnswer */
export type WebhookCallAnswer = z.infer<typeof webhookCallAnswer>;
export const webhookCallsAnswer = z
  .object({ calls: z.array(webhookCallAnswer).max(1_000) })
  .transform(({ calls }) => calls);

export const replayAnswer = z.object({ replayed: count });
