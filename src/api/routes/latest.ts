import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { feedIdSchema, type FeedId } from "../../core/ids.ts";
import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import type { Fabric } from "../../host/fabric.ts";
import { errorAnswers, roundAnswer } from "../answers.ts";
import { feedParameters } from "../parameters.ts";

/** The route that is asked most: bytes that stand ready, without validation or serialising on the way. */
export const latestRoutes: FastifyPluginCallbackZod<{ fabric: Fabric }> = (
  app,
  { fabric },
  done,
) => {
  app.get(
    "/v1/feeds/:id/latest",
    {
      schema: {
        tags: ["feeds"],
        summary: "The latest round of a feed",
        params: feedParameters,
        response: { ...errorAnswers, 200: roundAnswer },
      },
      // The look-up itself refuses a name that is no feed; the schema above is for the document.
      validatorCompiler: () => (data: unknown) => ({ value: data }),
    },
    (request, reply) => {
      const bytes = latestOf(fabric, request.params.id);
      // Bytes pass by the serialiser.
      void reply.type("application/json; charset=utf-8").send(bytes as never);
    },
  );
  done();
};

/** Throws `API_REQUEST_INVALID` for what no feed can be called, else what the feeds throw. */
const latestOf = (fabric: Fabric, id: FeedId): Buffer => {
  try {
    return fabric.feeds.latest(id);
  } catch (error) {
    const parsed = feedIdSchema.safeParse(id);
    if (parsed.success || !isFabricError(error)) throw error;
    const message = parsed.error.issues[0]?.message ?? "not valid";
    throw fabricError("API_REQUEST_INVALID", { faults: `path.id: ${message}` });
  }
};
