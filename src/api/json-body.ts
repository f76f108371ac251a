import type { FastifyInstance } from "fastify";

/**
 * Lets the routes of one plugin take a JSON body of at most `limit` bytes; everywhere else bodies are refused. The text
 * is parsed once and judged by each route's own schema, which refuses unknown keys, `__proto__` among them.
 */
export const acceptJson = (
  app: Pick<FastifyInstance, "addContentTypeParser">,
  limit: number,
): void => {
  app.addContentTypeParser(
    "application/json",
    { parseAs: "string", bodyLimit: limit },
    (_request, text, done) => {
      try {
        done(null, JSON.parse(String(text)));
      } catch {
        const error: Error & { statusCode?: number; code?: string } = new Error("no JSON");
        error.statusCode = 400;
        error.code = "the body is not JSON";
        done(error);
      }
    },
  );
};
