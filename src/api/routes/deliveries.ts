import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { feedIdSchema } from "../../core/ids.ts";
import type { Fabric } from "../../host/fabric.ts";
import { deliveryAnswer, errorAnswers } from "../answers.ts";
import { pageLimit } from "../parameters.ts";

/** Deliveries of rounds to contracts. */
export const deliveryRoutes: FastifyPluginCallbackZod<{ fabric: Fabric }> = (
  app,
  { fabric },
  done,
) => {
  app.get(
    "/v1/deliveries",
    {
      schema: {
        tags: ["deliveries"],
        summary: "Deliveries, newest first",
        querystring: z.strictObject({
          feed: feedIdSchema.optional(),
          status: deliveryAnswer.shape.status.optional(),
          limit: pageLimit,
        }),
        response: { ...errorAnswers, 200: z.object({ deliveries: z.array(deliveryAnswer) }) },
      },
    },
    async (request) => {
      const { feed, status, limit } = request.query;
      const filter = {
        limit,
        ...(feed === undefined ? {} : { feed }),
        ...(status === undefined ? {} : { status }),
      };
      return { deliveries: [...(await fabric.deliveries.list(filter))] };
    },
  );

  app.get(
    "/v1/deliveries/:id",
    {
      schema: {
        tags: ["deliveries"],
        summary: "One delivery",
        params: z.strictObject({ id: z.string().min(1).max(256) }),
        response: { ...errorAnswers, 200: deliveryAnswer },
      },
    },
    async (request) => fabric.deliveries.get(request.params.id),
  );
  done();
};
