import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { chainNameSchema, feedIdSchema } from "../../core/ids.ts";
import type { Fabric } from "../../host/fabric.ts";
import {
  deliveryAnswer,
  deliveryDetailAnswer,
  errorAnswers,
  roundReceiptAnswer,
} from "../answers.ts";
import { refuseWithoutToken } from "../operate.ts";
import { pageLimit } from "../parameters.ts";

const roundNumber = z.coerce.number().int().min(1).max(0xffff_ffff);
const parameters = z.strictObject({ id: z.string().min(1).max(256) });

/** Deliveries of rounds to contracts. `mayWrite`: the API knows who asks. */
export const deliveryRoutes: FastifyPluginCallbackZod<{ fabric: Fabric; mayWrite: boolean }> = (
  app,
  { fabric, mayWrite },
  done,
) => {
  app.get(
    "/v1/deliveries",
    {
      schema: {
        tags: ["deliveries"],
        summary: "Deliveries, newest change first",
        querystring: z.strictObject({
          feed: feedIdSchema.optional(),
          round: roundNumber.optional(),
          chain: chainNameSchema.optional(),
          status: deliveryAnswer.shape.status.optional(),
          limit: pageLimit,
        }),
        response: { ...errorAnswers, 200: z.object({ deliveries: z.array(deliveryAnswer) }) },
      },
    },
    async (request) => {
      const { feed, round, chain, status, limit } = request.query;
      const filter = {
        limit,
        ...(feed === undefined ? {} : { feed }),
        ...(round === undefined ? {} : { round }),
        ...(chain === undefined ? {} : { chain }),
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
        summary: "One delivery with its history",
        params: parameters,
        response: { ...errorAnswers, 200: deliveryDetailAnswer },
      },
    },
    async (request) => {
      const detail = await fabric.deliveries.get(request.params.id);
      return { ...detail, history: [...detail.history] };
    },
  );

  app.post(
    "/v1/deliveries/:id/retry",
    {
      ...(mayWrite ? {} : { onRequest: refuseWithoutToken }),
      schema: {
        tags: ["deliveries"],
        summary: "Try a failed delivery again; needs the API's token",
        params: parameters,
        response: { ...errorAnswers, 200: deliveryDetailAnswer },
      },
    },
    async (request) => {
      const detail = await fabric.deliveries.retry(request.params.id);
      return { ...detail, history: [...detail.history] };
    },
  );

  app.get(
    "/v1/feeds/:id/rounds/:round/receipt",
    {
      schema: {
        tags: ["deliveries"],
        summary: "What became of one round on all its chains",
        params: z.strictObject({ id: feedIdSchema, round: roundNumber }),
        response: { ...errorAnswers, 200: roundReceiptAnswer },
      },
    },
    async (request) => {
      const { id, round } = request.params;
      const receipt = await fabric.deliveries.receipt(id, round);
      return {
        ...receipt,
        deliveries: [...receipt.deliveries],
        waiting: [...receipt.waiting],
      };
    },
  );
  done();
};
