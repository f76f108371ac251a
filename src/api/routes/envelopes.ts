import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { digestSchema } from "../../core/ids.ts";
import type { Fabric } from "../../host/fabric.ts";
import { bundleAnswer, envelopeAnswer, errorAnswers } from "../answers.ts";

const parameters = z.strictObject({
  digest: digestSchema.describe(
    "SHA-256 of what an envelope signs: the DSSE pre-authentication encoding of its JSON form",
  ),
});

/** Envelopes and the bundles around them, as they were stored: they prove themselves. */
export const envelopeRoutes: FastifyPluginCallbackZod<{ fabric: Fabric }> = (
  app,
  { fabric },
  done,
) => {
  app.get(
    "/v1/envelopes/:digest",
    {
      schema: {
        tags: ["trust"],
        summary: "The DSSE envelope of a round",
        params: parameters,
        querystring: z.strictObject({
          form: z
            .enum(["json", "solabi"])
            .default("json")
            .describe("json: for DSSE tools; solabi: the same fact for contracts"),
        }),
        response: { ...errorAnswers, 200: envelopeAnswer },
      },
    },
    async (request, reply) => {
      const envelope = await fabric.envelopes.envelope(request.params.digest, request.query.form);
      return reply.send(envelope as z.input<typeof envelopeAnswer>);
    },
  );

  app.get(
    "/v1/bundles/:digest",
    {
      schema: {
        tags: ["trust"],
        summary: "Everything that is needed to check an envelope offline",
        params: parameters,
        response: { ...errorAnswers, 200: bundleAnswer },
      },
    },
    async (request) => fabric.envelopes.bundle(request.params.digest),
  );
  done();
};
