import type { z } from "zod";

import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { fromWire, wireErrorSchema } from "../core/errors/wire.ts";
import { chunksOf, readBounded } from "../core/read-bounded.ts";

/** Requests to one fabric, bounded in time and size. */
export interface HttpReader {
  /** Where `path` is. */
  resolve(path: string): string;
  /** The parsed answer. Statuses in `alsoStatus` carry an answer as 200 does. */
  json<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    options: {
      signal: AbortSignal | undefined;
      alsoStatus: readonly number[];
      /** Default GET. */
      method?: "GET" | "POST" | "PUT" | "DELETE";
      /** Sent as JSON. */
      body?: unknown;
      headers?: Readonly<Record<string, string>>;
      /** ms on top of the reader's own limit: for questions that the host lets wait. */
      extraMs?: number;
    },
  ): Promise<z.output<Schema>>;
  /** The open answer of an endless request; only its headers are under the time limit. */
  stream(
    path: string,
    options: { signal: AbortSignal; headers: Readonly<Record<string, string>> },
  ): Promise<ReadableStream<Uint8Array>>;
}

/** Longest answer that is read, in bytes: a page of rounds is far below. */
const MAX_BYTES = 8 * 1_024 * 1_024;

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  // fetch says "fetch failed" and keeps the reason in the cause.
  const { cause } = error;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error)
    return cause.errors[0].message;
  return cause instanceof Error ? cause.message : error.message;
};

const readText = async ({ body }: Response, url: string): Promise<string> => {
  const bytes = body ? await readBounded(chunksOf(body), MAX_BYTES) : new Uint8Array();
  if (bytes) return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  throw fabricError("CLIENT_ANSWER_INVALID", { url, reason: `more than ${MAX_BYTES} bytes` });
};

const parseJson = (text: string, url: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fabricError("CLIENT_ANSWER_INVALID", { url, reason: "it is not JSON" }, { cause: error });
  }
};

/** The API's coded error where the answer holds one, else `CLIENT_REFUSED`. */
const toError = (url: string, status: number, text: string): Error => {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = null;
  }
  const wire = typeof body === "object" && body && "error" in body ? body.error : body;
  if (wireErrorSchema.safeParse(wire).success) return fromWire(wire);
  return status >= 500
    ? fabricError("CLIENT_UNREACHABLE", { url, reason: `status ${status}` })
    : fabricError("CLIENT_REFUSED", { url, status });
};

/** Errors of the transport get a code; those of ours and the caller's own abort pass. */
const coded = (error: unknown, url: string, signal: AbortSignal | undefined): unknown => {
  if (isFabricError(error)) return error;
  if (signal?.aborted) return signal.reason;
  return fabricError("CLIENT_UNREACHABLE", { url, reason: reasonOf(error) }, { cause: error });
};

/** A reader below `url`, which may hold a path of its own (a proxy's prefix). */
export const createHttpReader = (base: {
  readonly url: string;
  readonly timeoutMs: number;
  /** Bearer token (RFC 6750); null where the API asks for none. */
  readonly token: string | null;
  /** What sends the requests: `fetch` of the platform, or one that checks the other end first. */
  readonly fetch?: typeof globalThis.fetch;
}): HttpReader => {
  const root = base.url.endsWith("/") ? base.url : `${base.url}/`;
  const authorization = base.token === null ? {} : { authorization: `Bearer ${base.token}` };
  const send = base.fetch ?? fetch;
  const resolve = (path: string): string => new URL(path, root).href;
  return {
    resolve,
    async json(path, schema, { signal, alsoStatus, method = "GET", body, headers, extraMs = 0 }) {
      const url = resolve(path);
      const limit = AbortSignal.timeout(base.timeoutMs + extraMs);
      try {
        const response = await send(url, {
          method,
          headers: {
            accept: "application/json",
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...authorization,
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          // A fabric that answers with another address would choose whom this process asks, and what it hands on.
          redirect: "error",
          signal: signal ? AbortSignal.any([signal, limit]) : limit,
        });
        const text = await readText(response, url);
        if (!response.ok && !alsoStatus.includes(response.status))
          throw toError(url, response.status, text);
        const parsed = schema.safeParse(parseJson(text, url));
        if (parsed.success) return parsed.data;
        const [issue] = parsed.error.issues;
        const reason = issue ? `${issue.path.join(".")}: ${issue.message}` : "unknown shape";
        throw fabricError("CLIENT_ANSWER_INVALID", { url, reason });
      } catch (error) {
        throw coded(error, url, signal);
      }
    },
    async stream(path, { signal, headers }) {
      const url = resolve(path);
      const head = new AbortController();
      const timer = setTimeout(() => head.abort(new Error("no answer in time")), base.timeoutMs);
      try {
        const response = await send(url, {
          headers: { accept: "text/event-stream", ...authorization, ...headers },
          redirect: "error",
          signal: AbortSignal.any([signal, head.signal]),
        });
        if (!response.ok) throw toError(url, response.status, await readText(response, url));
        if (!response.body)
          throw fabricError("CLIENT_ANSWER_INVALID", { url, reason: "an empty answer" });
        return response.body;
      } catch (error) {
        throw coded(error, url, signal);
      } finally {
        clearTimeout(timer);
      }
    },
  };
};
