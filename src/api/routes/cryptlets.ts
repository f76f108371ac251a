import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { cryptletIdSchema } from "../../core/ids.ts";
import type { CryptletView, Fabric } from "../../host/fabric.ts";
import { cryptletAnswer, errorAnswers, keyAnswer } from "../answers.ts";

/** Loaded Cryptlets with measurement, keys and evidence. */
export const cryptletRoutes: FastifyPluginCallbackZod<{ fabric: Fabric }> = (
  app,
  { fabric },
  done,
) => {
  app.get(
    "/v1/cryptlets",
    {
      schema: {
        tags: ["trust"],
        summary: "Every loaded Cryptlet",
        response: { ...errorAnswers, 200: z.object({ cryptlets: z.array(cryptletAnswer) }) },
      },
    },
    async () => ({ cryptlets: (await fabric.cryptlets.list()).map(toAnswer) }),
  );

  app.get(
    "/v1/cryptlets/:id",
    {
      schema: {
        tags: ["trust"],
        summary: "One Cryptlet",
        params: z.strictObject({ id: cryptletIdSchema.describe("id of a Cryptlet") }),
        response: { ...errorAnswers, 200: cryptletAnswer },
      },
    },
    async (request) => toAnswer(await fabric.cryptlets.get(request.params.id)),
  );

  app.get(
    "/v1/keys",
    {
      schema: {
        tags: ["trust"],
        summary: "Signing keys of all Cryptlets, in PEM too, for any DSSE verifier",
        response: { ...errorAnswers, 200: z.object({ keys: z.array(keyAnswer) }) },
      },
    },
    async () => {
      const cryptlets = await fabric.cryptlets.list();
      return {
        keys: cryptlets.flatMap(({ id, simulated, keys }) =>
          keys.map((key) => Object.assign({ cryptlet: id, simulated }, key)),
        ),
      };
    },
  );
  done();
};

const toAnswer = (cryptlet: CryptletView) => ({
  ...cryptlet,
  feeds: [...cryptlet.feeds],
  hosts: [...cryptlet.hosts],
  keys: [...cryptlet.keys],
});
