import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { digestSchema, feedIdSchema } from "../../core/ids.ts";
import { batchProofSchema } from "../../envelope/batch-proof.ts";
import type { Fabric } from "../../host/fabric.ts";
import { errorAnswers } from "../answers.ts";

const parameters = z.strictObject({
  id: feedIdSchema.describe("id of a batch"),
  round: z
    .union([z.literal("latest"), z.coerce.number().int().min(1).max(0xffff_ffff)])
    .describe("a round of the batch, or latest"),
});

const answer = z.object({
  envelopeDigest: digestSchema.describe("of the batch's envelope: /v1/bundles has what signs it"),
  proof: z.object(batchProofSchema.shape),
});

/** Proofs of single values in batches, for contracts and for readers without a chain. */
export const batchRoutes: FastifyPluginCallbackZod<{ fabric: Fabric }> = (
  app,
  { fabric },
  done,
) => {
  app.get(
    "/v1/batches/:id/:round/proof",
    {
      schema: {
        tags: ["trust"],
        summary: "What proves one feed's value in a batch, on chain and off",
        params: parameters,
        querystring: z.strictObject({ feed: feedIdSchema.describe("a member of the batch") }),
        response: { ...errorAnswers, 200: answer },
      },
    },
    async (request) => {
      const { id, round } = request.params;
      return await fabric.batches.proof(id, round, request.query.feed);
    },
  );
  done();
};
