import rateLimit from "@fastify/rate-limit";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { cryptletIdSchema } from "../../core/ids.ts";
import type { Fabric } from "../../host/fabric.ts";
import { attestationAnswer, errorAnswers } from "../answers.ts";

/** Questions of one address in a minute: each costs a signature. */
const PER_MINUTE = 60;

const nonceSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "32 bytes in lower-case hex")
  .describe("32 random bytes of the caller in hex: the evidence binds them");

/** Fresh evidence over the keys that sign, bound to the caller's nonce. Open to anyone: a stranger must be able to ask. */
export const attestationRoutes: FastifyPluginAsyncZod<{ fabric: Fabric }> = async (
  app,
  { fabric },
) => {
  await app.register(rateLimit, {
    global: false,
    errorResponseBuilder: () => fabricError("ATTESTATION_LIMIT", { limit: PER_MINUTE }),
  });
  app.get(
    "/v1/attestation",
    {
      config: { rateLimit: { max: PER_MINUTE, timeWindow: 60_000 } },
      schema: {
        tags: ["trust"],
        summary: "Fresh evidence of the enclaves' keys for a nonce",
        querystring: z.strictObject({
          nonce: nonceSchema,
          cryptlet: cryptletIdSchema.optional().describe("id of a Cryptlet; all of them without"),
        }),
        response: { ...errorAnswers, 200: attestationAnswer },
      },
    },
    async (request) => {
      const { nonce, cryptlet = null } = request.query;
      const { evidence, omitted } = await fabric.attestation.fresh({ nonce, cryptlet });
      return {
        nonce,
        omitted,
        evidence: evidence.map((piece) => ({ ...piece, keys: [...piece.keys] })),
      };
    },
  );
};
