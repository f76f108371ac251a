import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { FeedId } from "../../core/ids.ts";
import type { Fabric } from "../../host/fabric.ts";
import { errorAnswers } from "../answers.ts";
import type { EventStreams, ServerSentEvent } from "../event-streams.ts";
import { feedParameters, roundOrZero } from "../parameters.ts";

/** Rounds of a feed as server-sent events (HTML living standard, section 9.2); the id of an event is its round. */
export const feedEventRoutes: FastifyPluginCallbackZod<{
  fabric: Fabric;
  streams: EventStreams;
}> = (app, { fabric, streams }, done) => {
  app.get(
    "/v1/feeds/:id/events",
    {
      // A HEAD of an endless answer would never end.
      exposeHeadRoute: false,
      schema: {
        tags: ["feeds"],
        summary: "Rounds as they are committed, as server-sent events",
        description:
          "Event `round`, id = number of the round, data = the round. With Last-Event-ID (or `after`) everything after that round comes first; 0 replays all.",
        params: feedParameters,
        querystring: z.strictObject({ after: roundOrZero.optional() }),
        headers: z.object({ "last-event-id": roundOrZero.optional() }),
        response: {
          ...errorAnswers,
          200: { content: { "text/event-stream": { schema: z.string() } } },
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const after = request.headers["last-event-id"] ?? request.query.after;
      // Throws for an unknown feed while an answer with a status is still possible.
      await fabric.feeds.get(id);
      streams.run(
        reply.raw,
        {
          ...(reply.getHeaders() as Record<string, string>),
          "content-type": "text/event-stream; charset=utf-8",
          "x-accel-buffering": "no",
        },
        (signal) => roundEvents(fabric, id, after, signal),
      );
      return reply.hijack();
    },
  );
  done();
};

async function* roundEvents(
  fabric: Fabric,
  feed: FeedId,
  after: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<ServerSentEvent> {
  const options = { signal, ...(after === undefined ? {} : { afterRound: after }) };
  for await (const round of fabric.feeds.watch(feed, options))
    yield { id: String(round.round), event: "round", data: JSON.stringify(round) };
}
