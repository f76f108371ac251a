import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Fabric } from "../../host/fabric.ts";
import { errorAnswers } from "../answers.ts";

/** `/metrics` in the Prometheus text format. */
export const metricsRoutes: FastifyPluginCallbackZod<{ fabric: Fabric }> = (
  app,
  { fabric },
  done,
) => {
  app.get(
    "/metrics",
    {
      schema: {
        tags: ["status"],
        summary: "Figures in the Prometheus text format",
        response: {
          ...errorAnswers,
          200: { content: { "text/plain": { schema: z.string() } } },
        },
      },
    },
    async (_request, reply) => {
      const text = await fabric.metrics.metrics();
      // Bytes pass by the serialiser, which would make JSON of the text.
      return reply.type(fabric.metrics.contentType).send(Buffer.from(text) as unknown as string);
    },
  );
  done();
};
