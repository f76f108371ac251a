import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import type { Fabric } from "../../host/fabric.ts";
import { errorAnswers, healthAnswer, liveAnswer } from "../answers.ts";

/** `/health` and `/live`: for probes, so never behind the token. */
export const statusRoutes: FastifyPluginCallbackZod<{ fabric: Fabric }> = (
  app,
  { fabric },
  done,
) => {
  app.get(
    "/health",
    {
      schema: {
        tags: ["status"],
        summary: "Every part with its state; 503 when one is down",
        response: { ...errorAnswers, 200: healthAnswer, 503: healthAnswer },
      },
    },
    async (_request, reply) => {
      const health = await fabric.health();
      return reply.code(health.ok ? 200 : 503).send({ ok: health.ok, parts: { ...health.parts } });
    },
  );

  app.get(
    "/live",
    {
      schema: {
        tags: ["status"],
        summary: "Progress of the loops; 503 when one stands still",
        response: { ...errorAnswers, 200: liveAnswer, 503: liveAnswer },
      },
    },
    async (_request, reply) => {
      const { ok, loops } = fabric.liveness();
      return reply.code(ok ? 200 : 503).send({ ok, loops: { ...loops } });
    },
  );
  done();
};
