import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Fabric } from "../../host/fabric.ts";
import { errorAnswers } from "../answers.ts";
import { acceptJson } from "../json-body.ts";
import { refuseWithoutToken } from "../operate.ts";
import { pageLimit } from "../parameters.ts";
import {
  doneAnswer,
  webhookAnswer,
  webhookCallAnswer,
  webhookSecretAnswer,
} from "../subscriber-answers.ts";
import { feedList, startSchema, webhookParameters } from "../subscriber-parameters.ts";

const MAX_BODY = 32_768;
const DAY_MS = 86_400_000;

const withFeeds = <View extends { readonly feeds: readonly string[] }>(view: View) => ({
  ...view,
  feeds: [...view.feeds],
});

/** Endpoints that rounds are sent to. `mayWrite`: the API knows who asks; else all of it is refused. */
export const webhookRoutes: FastifyPluginCallbackZod<{ fabric: Fabric; mayWrite: boolean }> = (
  app,
  { fabric, mayWrite },
  done,
) => {
  acceptJson(app, MAX_BODY);
  if (!mayWrite) app.addHook("onRequest", refuseWithoutToken);
  const tags = ["webhooks"];
  const params = webhookParameters;
  const bodyLimit = MAX_BODY;

  app.get(
    "/v1/webhooks",
    {
      schema: {
        tags,
        summary: "Every webhook, oldest first; needs the API's token",
        response: { ...errorAnswers, 200: z.object({ webhooks: z.array(webhookAnswer) }) },
      },
    },
    async () => ({ webhooks: (await fabric.webhooks.list()).map(withFeeds) }),
  );

  app.post(
    "/v1/webhooks",
    {
      bodyLimit,
      schema: {
        tags,
        summary: "Add a webhook; the answer shows its secret once; needs the API's token",
        body: z.strictObject({
          url: z.string().min(1).max(2_048),
          feeds: feedList,
          description: z
            .string()
            .max(200)
            .regex(/^[^\p{Cc}]*$/u, "no control characters")
            .default(""),
          from: startSchema.default({ kind: "now" }),
        }),
        response: { ...errorAnswers, 200: webhookSecretAnswer },
      },
    },
    async (request) => withFeeds(await fabric.webhooks.add(request.body)),
  );

  app.get(
    "/v1/webhooks/:id",
    {
      schema: {
        tags,
        summary: "One webhook; needs the API's token",
        params,
        response: { ...errorAnswers, 200: webhookAnswer },
      },
    },
    async (request) => withFeeds(await fabric.webhooks.get(request.params.id)),
  );

  app.delete(
    "/v1/webhooks/:id",
    {
      schema: {
        tags,
        summary: "Remove a webhook with its calls; needs the API's token",
        params,
        response: { ...errorAnswers, 200: doneAnswer },
      },
    },
    async (request) => {
      await fabric.webhooks.remove(request.params.id);
      return {};
    },
  );

  app.post(
    "/v1/webhooks/:id/rotate",
    {
      bodyLimit,
      schema: {
        tags,
        summary: "Give a webhook a new secret; needs the API's token",
        params,
        body: z.strictObject({
          overlapMs: z
            .int()
            .min(0)
            .max(30 * DAY_MS)
            .default(DAY_MS)
            .describe("how long the secret before signs too"),
        }),
        response: { ...errorAnswers, 200: webhookSecretAnswer },
      },
    },
    async (request) =>
      withFeeds(await fabric.webhooks.rotate(request.params.id, request.body.overlapMs)),
  );

  app.post(
    "/v1/webhooks/:id/resume",
    {
      schema: {
        tags,
        summary: "Go on after a stop; needs the API's token",
        params,
        response: { ...errorAnswers, 200: webhookAnswer },
      },
    },
    async (request) => withFeeds(await fabric.webhooks.resume(request.params.id)),
  );

  app.get(
    "/v1/webhooks/:id/calls",
    {
      schema: {
        tags,
        summary: "Calls of a webhook, newest change first; needs the API's token",
        params,
        querystring: z.strictObject({
          status: z.enum(["waiting", "delivered", "dead"]).optional(),
          limit: pageLimit,
        }),
        response: { ...errorAnswers, 200: z.object({ calls: z.array(webhookCallAnswer) }) },
      },
    },
    async ({ params: { id }, query: { status, limit } }) => ({
      calls: [
        ...(await fabric.webhooks.calls(id, {
          limit,
          ...(status === undefined ? {} : { status }),
        })),
      ],
    }),
  );

  app.post(
    "/v1/webhooks/:id/replay",
    {
      bodyLimit,
      schema: {
        tags,
        summary: "Send one call again, or every dead one; needs the API's token",
        params,
        body: z.strictObject({
          call: z
            .string()
            .regex(/^msg_[0-9a-f]{32}$/, "id of a call")
            .nullable()
            .default(null)
            .describe("null: every dead one"),
        }),
        response: {
          ...errorAnswers,
          200: z.object({ replayed: z.int().describe("calls that were put back") }),
        },
      },
    },
    async (request) => ({
      replayed: await fabric.webhooks.replay(request.params.id, request.body.call),
    }),
  );
  done();
};
