import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Fabric } from "../../host/fabric.ts";
import { deadLetterAnswer, errorAnswers } from "../answers.ts";
import { refuseWithoutToken } from "../operate.ts";
import { pageLimit } from "../parameters.ts";

const parameters = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}:[a-z0-9_-]{1,64}:\d{1,16}$/, "id of a dead letter")
    .describe("stream, consumer and sequence"),
});

/** Messages that consumers gave up on. `mayWrite`: the API knows who asks. */
export const deadLetterRoutes: FastifyPluginCallbackZod<{ fabric: Fabric; mayWrite: boolean }> = (
  app,
  { fabric, mayWrite },
  done,
) => {
  app.get(
    "/v1/dead-letters",
    {
      schema: {
        tags: ["deliveries"],
        summary: "Messages that a consumer gave up on, newest first",
        querystring: z.strictObject({
          waiting: z
            .enum(["true", "false"])
            .default("false")
            .describe("true: without those that were put back"),
          limit: pageLimit,
        }),
        response: { ...errorAnswers, 200: z.object({ deadLetters: z.array(deadLetterAnswer) }) },
      },
    },
    async ({ query: { waiting, limit } }) => ({
      deadLetters: [...(await fabric.deadLetters.list({ waiting: waiting === "true", limit }))],
    }),
  );

  app.get(
    "/v1/dead-letters/:id",
    {
      schema: {
        tags: ["deliveries"],
        summary: "One dead letter",
        params: parameters,
        response: { ...errorAnswers, 200: deadLetterAnswer },
      },
    },
    async (request) => fabric.deadLetters.get(request.params.id),
  );

  app.post(
    "/v1/dead-letters/:id/replay",
    {
      ...(mayWrite ? {} : { onRequest: refuseWithoutToken }),
      schema: {
        tags: ["deliveries"],
        summary: "Publish a dead letter again; needs the API's token",
        params: parameters,
        response: { ...errorAnswers, 200: deadLetterAnswer },
      },
    },
    async (request) => fabric.deadLetters.replay(request.params.id),
  );
  done();
};
