import rateLimit from "@fastify/rate-limit";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { readBounded } from "../../core/read-bounded.ts";
import type { Fabric } from "../../host/fabric.ts";
import { SUBMISSION_BODY } from "../../host/registry-service.ts";
import { errorAnswers } from "../answers.ts";
import { submissionAnswer } from "../registry-answers.ts";
import { servedRegistry } from "../served-registry.ts";

/** Submissions that are held in memory at once. */
const AT_ONCE = 4;
/** Of a host that serves no registry; nothing is taken there. */
const NOTHING = { maxReleaseBytes: 1, submissionsPerMinute: 30 };

/**
 * The door for releases. Nobody logs in: what is submitted is signed, and the log's rules say whose signature may say
 * what. Bounded per address, in bytes and in number at once; refused before the body is read where nothing is taken.
 */
export const registrySubmissionRoutes: FastifyPluginAsyncZod<{ fabric: Fabric }> = async (
  app,
  { fabric },
) => {
  const { maxReleaseBytes, submissionsPerMinute } = fabric.registry?.settings ?? NOTHING;
  let open = 0;
  await app.register(rateLimit, {
    global: false,
    errorResponseBuilder: () => fabricError("SUBMISSION_LIMIT", { limit: submissionsPerMinute }),
  });
  app.addContentTypeParser(
    SUBMISSION_BODY,
    async (_request: unknown, payload: AsyncIterable<Uint8Array>) => {
      // Whatever its length claims.
      const body = await readBounded(payload, maxReleaseBytes);
      if (body) return body;
      throw fabricError("SUBMISSION_TOO_LARGE", { limit: maxReleaseBytes });
    },
  );
  app.post(
    "/v1/registry/submissions",
    {
      bodyLimit: maxReleaseBytes,
      config: { rateLimit: { max: submissionsPerMinute, timeWindow: 60_000 } },
      onRequest: (_request, reply, done) => {
        const { takesReleases, origin } = servedRegistry(fabric);
        if (!takesReleases) throw fabricError("REGISTRY_PUBLISHING_CLOSED", { origin });
        if (open >= AT_ONCE) throw fabricError("SUBMISSIONS_BUSY", { limit: AT_ONCE });
        open += 1;
        reply.raw.once("close", () => {
          open -= 1;
        });
        done();
      },
      schema: {
        tags: ["registry"],
        summary: "Add an entry to the log: a publisher, a release with its files, a mark",
        description: `The body is ${SUBMISSION_BODY}: the DSSE envelope's JSON, then each file, every part behind its length in bytes (32 bits, big-endian).`,
        response: { ...errorAnswers, 200: submissionAnswer },
      },
    },
    async ({ body }) => {
      // Only the parser above makes a body; a request of another type was refused.
      const bytes = body instanceof Uint8Array ? body : new Uint8Array();
      return await servedRegistry(fabric).submit(bytes);
    },
  );
};
