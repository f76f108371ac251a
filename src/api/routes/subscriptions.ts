import { setMaxListeners } from "node:events";
import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Fabric, RoundView } from "../../host/fabric.ts";
import { errorAnswers } from "../answers.ts";
import { goneSignal } from "../gone-signal.ts";
import { acceptJson } from "../json-body.ts";
import { refuseWithoutToken } from "../operate.ts";
import {
  doneAnswer,
  sessionAnswer,
  subscriptionAnswer,
  subscriptionEventsAnswer,
} from "../subscriber-answers.ts";
import {
  feedList,
  positionSchema,
  sessionSchema,
  startSchema,
  subscriptionParameters,
} from "../subscriber-parameters.ts";

/** 256 names of feeds, and a start. */
const MAX_BODY = 32_768;
/** Longest wait for a round, ms: below the time for which a silent session is held. */
const MAX_WAIT_MS = 25_000;

const withFeeds = <View extends { readonly feeds: readonly string[] }>(view: View) => ({
  ...view,
  feeds: [...view.feeds],
});
const withDeliveries = (round: RoundView) => ({ ...round, deliveries: [...round.deliveries] });

/** Named cursors over feeds. `mayWrite`: the API knows who asks; else all of it is refused. */
export const subscriptionRoutes: FastifyPluginCallbackZod<{
  fabric: Fabric;
  mayWrite: boolean;
}> = (app, { fabric, mayWrite }, done) => {
  acceptJson(app, MAX_BODY);
  if (!mayWrite) app.addHook("onRequest", refuseWithoutToken);
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  app.addHook("preClose", async () => closing.abort());
  const tags = ["subscriptions"];
  const params = subscriptionParameters;
  const bodyLimit = MAX_BODY;

  app.get(
    "/v1/subscriptions",
    {
      schema: {
        tags,
        summary: "Every subscription, by name; needs the API's token",
        response: {
          ...errorAnswers,
          200: z.object({ subscriptions: z.array(subscriptionAnswer) }),
        },
      },
    },
    async () => ({ subscriptions: (await fabric.subscriptions.list()).map(withFeeds) }),
  );

  app.get(
    "/v1/subscriptions/:name",
    {
      schema: {
        tags,
        summary: "One subscription; needs the API's token",
        params,
        response: { ...errorAnswers, 200: subscriptionAnswer },
      },
    },
    async (request) => withFeeds(await fabric.subscriptions.get(request.params.name)),
  );

  app.put(
    "/v1/subscriptions/:name",
    {
      bodyLimit,
      schema: {
        tags,
        summary: "Make a subscription unless it is there; needs the API's token",
        description: "One that is there keeps its cursor: `from` is for a new one.",
        params,
        body: z.strictObject({ feeds: feedList, from: startSchema.default({ kind: "now" }) }),
        response: { ...errorAnswers, 200: subscriptionAnswer },
      },
    },
    async (request) =>
      withFeeds(await fabric.subscriptions.ensure({ ...request.params, ...request.body })),
  );

  app.delete(
    "/v1/subscriptions/:name",
    {
      schema: {
        tags,
        summary: "Remove a subscription; needs the API's token",
        params,
        response: { ...errorAnswers, 200: doneAnswer },
      },
    },
    async (request) => {
      await fabric.subscriptions.remove(request.params.name);
      return {};
    },
  );

  app.post(
    "/v1/subscriptions/:name/session",
    {
      bodyLimit,
      schema: {
        tags,
        summary: "Take a subscription: one consumer at a time; needs the API's token",
        params,
        body: z.strictObject({
          consumer: z
            .string()
            .regex(/^[\x21-\x7e]{1,100}$/, "1 to 100 printable characters")
            .describe("who reads; the same one may take it again before its session ends"),
        }),
        response: { ...errorAnswers, 200: sessionAnswer },
      },
    },
    async (request) => fabric.subscriptions.open(request.params.name, request.body.consumer),
  );

  const session = z.strictObject({ session: sessionSchema });
  app.post(
    "/v1/subscriptions/:name/renew",
    {
      bodyLimit,
      schema: {
        tags,
        summary: "Hold a subscription longer; needs the API's token",
        params,
        body: session,
        response: { ...errorAnswers, 200: sessionAnswer },
      },
    },
    async (request) => fabric.subscriptions.renew(request.params.name, request.body.session),
  );

  app.post(
    "/v1/subscriptions/:name/release",
    {
      bodyLimit,
      schema: {
        tags,
        summary: "Give a subscription back to the next consumer; needs the API's token",
        params,
        body: session,
        response: { ...errorAnswers, 200: doneAnswer },
      },
    },
    async (request) => {
      await fabric.subscriptions.release(request.params.name, request.body.session);
      return {};
    },
  );

  app.post(
    "/v1/subscriptions/:name/pull",
    {
      bodyLimit,
      schema: {
        tags,
        summary: "Rounds behind the cursor, or behind what is in hand; needs the API's token",
        description:
          "Waits up to `waitMs` for the first one. Nothing is taken: what is not acknowledged comes again to the next session.",
        params,
        body: session.extend({
          after: positionSchema
            .nullable()
            .default(null)
            .describe("place of the last event in hand; null: the cursor"),
          limit: z.int().min(1).max(100).default(100),
          waitMs: z.int().min(0).max(MAX_WAIT_MS).default(0),
        }),
        response: { ...errorAnswers, 200: subscriptionEventsAnswer },
      },
    },
    async (request, reply) => {
      const signal = goneSignal(reply, closing.signal);
      const events = await fabric.subscriptions.pull(request.params.name, request.body, { signal });
      return {
        events: events.map(({ position, round }) => ({ position, round: withDeliveries(round) })),
      };
    },
  );

  app.post(
    "/v1/subscriptions/:name/ack",
    {
      bodyLimit,
      schema: {
        tags,
        summary: "Acknowledge everything up to a position; needs the API's token",
        params,
        body: session.extend({ position: positionSchema }),
        response: { ...errorAnswers, 200: doneAnswer },
      },
    },
    async (request) => {
      const { session: held, position } = request.body;
      await fabric.subscriptions.acknowledge(request.params.name, held, position);
      return {};
    },
  );

  app.post(
    "/v1/subscriptions/:name/seek",
    {
      bodyLimit,
      schema: {
        tags,
        summary: "Move the cursor anywhere and end the session; needs the API's token",
        params,
        body: z.strictObject({ to: startSchema }),
        response: { ...errorAnswers, 200: subscriptionAnswer },
      },
    },
    async (request) =>
      withFeeds(await fabric.subscriptions.seek(request.params.name, request.body.to)),
  );
  done();
};
