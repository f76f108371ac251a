import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { feedIdSchema, runIdSchema } from "../../core/ids.ts";
import type { Fabric } from "../../host/fabric.ts";
import { errorAnswers, runAnswer, transcriptAnswer } from "../answers.ts";
import { pageLimit } from "../parameters.ts";

const parameters = z.strictObject({ id: runIdSchema.describe("id of a run") });

/** Runs with their receipts and, where the policy keeps them, their transcripts. */
export const runRoutes: FastifyPluginCallbackZod<{ fabric: Fabric }> = (app, { fabric }, done) => {
  app.get(
    "/v1/runs",
    {
      schema: {
        tags: ["trust"],
        summary: "Runs, newest first",
        querystring: z.strictObject({
          feed: feedIdSchema.optional(),
          status: z.enum(["running", "published", "unchanged", "failed", "abandoned"]).optional(),
          limit: pageLimit,
        }),
        response: { ...errorAnswers, 200: z.object({ runs: z.array(runAnswer) }) },
      },
    },
    async ({ query: { feed, status, limit } }) => ({
      runs: [
        ...(await fabric.runs.list({
          limit,
          ...(feed === undefined ? {} : { feed }),
          ...(status === undefined ? {} : { status }),
        })),
      ],
    }),
  );

  app.get(
    "/v1/runs/:id",
    {
      schema: {
        tags: ["trust"],
        summary: "One run and its receipt",
        params: parameters,
        response: { ...errorAnswers, 200: runAnswer },
      },
    },
    async (request) => fabric.runs.get(request.params.id),
  );

  app.get(
    "/v1/runs/:id/transcript",
    {
      schema: {
        tags: ["trust"],
        summary:
          "Everything that crossed the wall in one run, for replay; sealed where it holds private data",
        params: parameters,
        response: { ...errorAnswers, 200: transcriptAnswer },
      },
    },
    async (request) => fabric.runs.transcript(request.params.id),
  );
  done();
};
