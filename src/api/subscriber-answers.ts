import { z } from "zod";
import { roundAnswer } from "./answers.ts";

const time = z.int().describe("ms since epoch");

export const subscriptionAnswer = z
  .object({
    name: z.string(),
    feeds: z.array(z.string()),
    position: z.int().describe("everything up to here is acknowledged"),
    waiting: z.int().describe("rounds that wait, counted up to 10,000"),
    createdAt: time,
    acknowledgedAt: time.nullable(),
    consumer: z.string().nullable().describe("who holds it"),
    heldUntil: time.nullable(),
  })
  .describe("a named cursor over feeds");

export const sessionAnswer = z
  .object({
    session: z.string(),
    leaseMs: z.int().describe("ms without use after which another consumer may take it"),
    position: z.int(),
  })
  .describe("the right to read and acknowledge");

export const subscriptionEventsAnswer = z.object({
  events: z.array(
    z.object({ position: z.int().describe("what is acknowledged"), round: roundAnswer }),
  ),
});

/** Of what was done and has nothing to say. */
export const doneAnswer = z.object({});

export const requestAnswer = z
  .object({
    status: z.enum(["done", "waiting", "running"]),
    made: z.boolean().describe("the round was made for this request"),
    round: roundAnswer.nullable().describe("the answer; null until there is one"),
  })
  .describe("what became of a request so far");

const webhookFields = {
  id: z.string(),
  url: z.string(),
  description: z.string(),
  feeds: z.array(z.string()),
  status: z.enum(["active", "stopped"]),
  stopped: z.string().nullable().describe("code of what stopped it"),
  waiting: z.int().describe("calls that are not delivered yet"),
  dead: z.int().describe("calls that were given up on"),
  behind: z.int().describe("rounds without a call yet, counted up to 10,000"),
  previousSecretUntil: time.nullable().describe("the secret before signs too until then"),
  createdAt: time,
};
export const webhookAnswer = z
  .object(webhookFields)
  .describe("an endpoint that rounds are sent to");
export const webhookSecretAnswer = z
  .object({ ...webhookFields, secret: z.string().describe("whsec_ and base64; shown this once") })
  .describe("a webhook with its secret");

export const webhookCallAnswer = z
  .object({
    id: z.string().describe("webhook-id of every try"),
    webhook: z.string(),
    feed: z.string(),
    round: z.int(),
    status: z.enum(["waiting", "delivered", "dead"]),
    attempts: z.int(),
    replays: z.int(),
    nextAt: time.nullable(),
    answer: z.int().nullable().describe("HTTP status of the last answer"),
    error: z.string().nullable().describe("code of the last error"),
    createdAt: time,
    updatedAt: time,
  })
  .describe("one round on its way to one webhook");
