import { setMaxListeners } from "node:events";
import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Fabric } from "../../host/fabric.ts";
import { errorAnswers } from "../answers.ts";
import { goneSignal } from "../gone-signal.ts";
import { refuseWithoutToken } from "../operate.ts";
import { digits, feedParameters } from "../parameters.ts";
import { requestAnswer } from "../subscriber-answers.ts";

/** Longest wait for the end of a run, ms. */
const MAX_WAIT_MS = 60_000;
const DAY_MS = 86_400_000;

/** Runs that somebody asks for. `mayWrite`: the API knows who asks; else it is refused. */
export const requestRoutes: FastifyPluginCallbackZod<{ fabric: Fabric; mayWrite: boolean }> = (
  app,
  { fabric, mayWrite },
  done,
) => {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  app.addHook("preClose", async () => closing.abort());

  app.post(
    "/v1/feeds/:id/requests",
    {
      ...(mayWrite ? {} : { onRequest: refuseWithoutToken }),
      schema: {
        tags: ["feeds"],
        summary: "Run a feed now and answer the round; needs the API's token",
        description:
          "The header idempotency-key stands for one request: sent again it waits for the same run or gives the same answer, for seven days. 201: the round was made for it; 200: it was there already; 202: not at its end, ask again with the same key.",
        params: feedParameters,
        headers: z.object({
          "idempotency-key": z.string().optional().describe("1 to 200 printable ASCII characters"),
        }),
        querystring: z.strictObject({
          maxAgeMs: digits(365 * DAY_MS)
            .optional()
            .describe("a round issued no longer ago than this is the answer without a run"),
          waitMs: digits(MAX_WAIT_MS).prefault("20000").describe("longest wait for the end"),
        }),
        response: {
          ...errorAnswers,
          200: requestAnswer,
          201: requestAnswer,
          202: requestAnswer,
        },
      },
    },
    async (request, reply) => {
      const key = request.headers["idempotency-key"];
      if (key === undefined || !/^[\x21-\x7e]{1,200}$/.test(key))
        throw fabricError("REQUEST_KEY_INVALID", {});
      const { maxAgeMs = null, waitMs } = request.query;
      const signal = goneSignal(reply, closing.signal);
      const outcome = await fabric.requests.ask(
        request.params.id,
        { key, maxAgeMs, waitMs },
        { signal },
      );
      if (outcome.status !== "done") {
        void reply.code(202).header("retry-after", "1");
        return { status: outcome.status, made: false, round: null };
      }
      const { made, round } = outcome;
      void reply.code(made ? 201 : 200);
      return {
        status: outcome.status,
        made,
        round: { ...round, deliveries: [...round.deliveries] },
      };
    },
  );
  done();
};
