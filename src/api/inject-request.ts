import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"] as const;
/** Statuses whose answer has no body (Fetch standard, null body status). */
const EMPTY: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

/** The answer of the routes to one request, without a socket; a stream stays one. Rejects with the signal's reason. */
export const injectRequest = async (
  app: Pick<FastifyInstance, "inject" | "ready">,
  request: Request,
): Promise<Response> => {
  const { pathname, search } = new URL(request.url);
  const { signal } = request;
  const body = request.body === null ? null : Buffer.from(await request.arrayBuffer());
  const method = METHODS.find((name) => name === request.method);
  await app.ready();
  // A signal that is aborted already would be an error that nobody hears: between this look and the start of the
  // request nothing else runs.
  signal.throwIfAborted();
  const answer = await app
    .inject({
      ...(method ? { method } : {}),
      url: `${pathname}${search}`,
      headers: Object.fromEntries(request.headers),
      ...(body === null ? {} : { payload: body }),
      payloadAsStream: true,
      signal,
    })
    .then(
      (response) => response,
      (error: unknown) => {
        signal.throwIfAborted();
        throw error;
      },
    );
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) headers.append(name, String(one));
  const source = answer.stream();
  const stream = EMPTY.has(answer.statusCode) || method === "HEAD" ? null : source;
  if (stream === null) source.resume();
  return new Response(stream === null ? null : (Readable.toWeb(stream) as ReadableStream), {
    status: answer.statusCode,
    headers,
  });
};
