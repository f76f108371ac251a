import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { addressSchema, feedHashSchema } from "../../core/ids.ts";
import { answerGateway } from "../../host/answer-gateway.ts";
import type { Fabric } from "../../host/fabric.ts";
import { errorAnswers } from "../answers.ts";

/** Selector of `observation(bytes32)` of `contracts/interfaces/ICryptletGateway.sol`; a test holds it against that. */
export const OBSERVATION_SELECTOR = "0xcd32f278";
/** A question has one form and one length. */
const QUESTION = /^(0x[0-9a-f]{8})([0-9a-f]{64})\.json$/;

const parameters = z.strictObject({
  sender: addressSchema.describe("contract that asks; the answer is the same for each"),
  data: z
    .string()
    .max(128)
    .transform((text) => QUESTION.exec(text.toLowerCase()))
    .refine((found) => found?.[1] === OBSERVATION_SELECTOR, "observation(bytes32) and .json")
    .transform((found) => `0x${found?.[2] ?? ""}`)
    .pipe(feedHashSchema)
    .describe("calldata of observation(bytes32 feedHash), then .json"),
});

/** Gateway of EIP-3668: what contracts that ask for a feed's newest observation are answered. */
export const ccipRoutes: FastifyPluginCallbackZod<{ fabric: Fabric }> = (app, { fabric }, done) => {
  app.get(
    "/v1/ccip/:sender/:data",
    {
      schema: {
        tags: ["feeds"],
        summary: "The newest observation of a feed for a contract that asks by EIP-3668",
        params: parameters,
        response: {
          ...errorAnswers,
          200: z.object({
            data: z.string().describe("abi.encode(bytes payload, bytes[] signatures), 0x hex"),
          }),
        },
      },
    },
    async (request) => ({ data: await answerGateway(fabric, request.params.data) }),
  );
  done();
};
