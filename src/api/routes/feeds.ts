import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Fabric } from "../../host/fabric.ts";
import { errorAnswers, feedAnswer, roundAnswer } from "../answers.ts";
import { feedParameters, pageLimit, roundNumber, timeInPath } from "../parameters.ts";

/** Feeds and their rounds. */
export const feedRoutes: FastifyPluginCallbackZod<{ fabric: Fabric }> = (app, { fabric }, done) => {
  app.get(
    "/v1/feeds",
    {
      schema: {
        tags: ["feeds"],
        summary: "Every configured feed",
        response: { ...errorAnswers, 200: z.object({ feeds: z.array(feedAnswer) }) },
      },
    },
    async () => ({ feeds: (await fabric.feeds.list()).map(withList) }),
  );

  app.get(
    "/v1/feeds/:id",
    {
      schema: {
        tags: ["feeds"],
        summary: "One feed",
        params: feedParameters,
        response: { ...errorAnswers, 200: feedAnswer },
      },
    },
    async (request) => withList(await fabric.feeds.get(request.params.id)),
  );

  app.get(
    "/v1/feeds/:id/rounds",
    {
      schema: {
        tags: ["feeds"],
        summary: "Rounds of a feed, newest first",
        params: feedParameters,
        querystring: z.strictObject({
          limit: pageLimit,
          before: roundNumber.optional().describe("only rounds below this one"),
        }),
        response: {
          ...errorAnswers,
          200: z.object({
            rounds: z.array(roundAnswer),
            next: z.int().nullable().describe("`before` of the next page; null on the last"),
          }),
        },
      },
    },
    async (request) => {
      const { limit, before } = request.query;
      const page = { limit, ...(before === undefined ? {} : { before }) };
      const rounds = await fabric.feeds.rounds(request.params.id, page);
      const last = rounds.at(-1)?.round ?? 1;
      return {
        rounds: rounds.map((round) => ({ ...round, deliveries: [...round.deliveries] })),
        next: rounds.length < limit || last <= 1 ? null : last,
      };
    },
  );

  app.get(
    "/v1/feeds/:id/rounds/:round",
    {
      schema: {
        tags: ["feeds"],
        summary: "One round of a feed",
        params: feedParameters.extend({ round: roundNumber }),
        response: { ...errorAnswers, 200: roundAnswer },
      },
    },
    async (request) => {
      const round = await fabric.feeds.round(request.params.id, request.params.round);
      return { ...round, deliveries: [...round.deliveries] };
    },
  );

  app.get(
    "/v1/feeds/:id/at/:time",
    {
      schema: {
        tags: ["feeds"],
        summary: "The round of a feed that was valid at a time",
        description:
          "The newest round issued by then, unless it had run out: issuedAt <= time < validUntil.",
        params: feedParameters.extend({ time: timeInPath }),
        response: { ...errorAnswers, 200: roundAnswer },
      },
    },
    async (request) => {
      const round = await fabric.feeds.at(request.params.id, request.params.time);
      return { ...round, deliveries: [...round.deliveries] };
    },
  );
  done();
};

const withList = <Feed extends { readonly bindings: readonly unknown[] }>(feed: Feed) => ({
  ...feed,
  bindings: [...feed.bindings] as Feed["bindings"][number][],
});
