import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { feedIdSchema } from "../../core/ids.ts";
import type { Fabric } from "../../host/fabric.ts";
import { errorAnswers } from "../answers.ts";

const parameters = z.strictObject({
  id: feedIdSchema.describe("id of a batch"),
  round: z
    .union([z.literal("latest"), z.coerce.number().int().min(1).max(0xffff_ffff)])
    .describe("a round of the batch, or latest"),
});

const word = z.string().describe("0x and 64 hex characters");
const seconds = z.int().describe("s since epoch");

const answer = z.object({
  envelopeDigest: z.string().describe("of the batch's envelope: /v1/bundles has what signs it"),
  proof: z.object({
    batchHash: word,
    round: z.int(),
    issuedAt: seconds,
    validUntil: seconds,
    root: word,
    storedHash: word,
    packedHash: word,
    statementDigest: z.string(),
    feedHash: word,
    place: z.int().describe("of the feed in the batch"),
    size: z.int().describe("members of the batch"),
    leaf: z.string().describe("192 bytes of an observation, or the 32 of the feed hash: none"),
    path: z.array(word).describe("siblings from leaf to root"),
  }),
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
