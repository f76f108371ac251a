import * as z from "zod";
import { feedIdSchema } from "../core/ids.ts";
import { roundAnswer } from "./answers.ts";

const text = z.string().max(4_096);
const time = z.int().min(0).max(253_402_300_799_999);
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** A named cursor over feeds, as its host keeps it. Times are ms since epoch. */
export const subscriptionAnswer = z.object({
  name: text,
  feeds: z.array(feedIdSchema).max(1_000),
  position: count,
  waiting: count,
  createdAt: time,
  acknowledgedAt: time.nullable(),
  consumer: text.nullable(),
  heldUntil: time.nullable(),
});
/** @see subscriptionAnswer */
export type SubscriptionAnswer = z.infer<typeof subscriptionAnswer>;
export const subscriptionsAnswer = z
  .object({ subscriptions: z.array(subscriptionAnswer).max(10_000) })
  .transform(({ subscriptions }) => subscriptions);

export const sessionAnswer = z.object({
  session: text,
  leaseMs: z.int().min(1).max(3_600_000),
  position: count,
});
/** @see sessionAnswer */
export type SessionAnswer = z.infer<typeof sessionAnswer>;

export const eventsAnswer = z
  .object({
    events: z.array(z.object({ position: count, round: roundAnswer })).max(1_000),
  })
  .transform(({ events }) => events);

/** Of what was done and has no answer of its own. */
export const doneAnswer = z.object({});

/** What became of a request so far. */
export const requestAnswer = z.union([
  z.object({ status: z.literal("done"), made: z.boolean(), round: roundAnswer }),
  z.object({ status: z.enum(["waiting", "running"]) }),
]);
