import type { HttpRequest } from "../sdk/abi.ts";
import type { RecordedAnswer } from "./recorded.ts";

/** A whole JSON document as an answer. Numbers are written as JavaScript writes them: use `body` where digits matter. */
export interface JsonReply {
  readonly json: unknown;
  /** 200 when left out. */
  readonly status?: number;
  /** ms since epoch; the run's time when left out. */
  readonly receivedAt?: number;
}

/** What a mocked source answers: always the same, or made from the request and how often it was asked before. */
export type HttpReply =
  | RecordedAnswer
  | JsonReply
  | ((request: HttpRequest, before: number) => RecordedAnswer | JsonReply);

/** Sources of a test that remember what they were asked. */
export interface HttpMock {
  /** Every request, in order. Secrets stand as `{{secret:NAME}}`. */
  readonly requests: readonly HttpRequest[];
  /** Requests to one source. */
  requestsTo(id: string): readonly HttpRequest[];
  /** For the kit: null for a source that the mock does not have. */
  answer(request: HttpRequest): RecordedAnswer | null;
}

const toAnswer = (reply: RecordedAnswer | JsonReply): RecordedAnswer => {
  if (!("json" in reply)) return reply;
  const { json, ...rest } = reply;
  return {
    ...rest,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(json) ?? "null",
  };
};

/**
 * Mocks sources by the `id` of their requests. A list is answered from front to back; its last answer stays.
 * @example
 * ```ts
 * const http = mockHttp({
 *   kraken: { json: { price: "-12.50" } },
 *   exaa: (request) => ({ status: request.method === "GET" ? 200 : 405, body: "{}" }),
 *   "energy-charts": [{ error: "HTTP_TIMEOUT" }, { body: '{"price":-12.40}' }],
 * });
 * http.requests.length; // 0
 * ```
 */
export const mockHttp = (
  replies: Readonly<Record<string, HttpReply | readonly HttpReply[]>>,
): HttpMock => {
  const requests: HttpRequest[] = [];
  const requestsTo = (name: string) => requests.filter(({ id }) => id === name);
  return {
    requests,
    requestsTo,
    answer: (request) => {
      const { id } = request;
      const found = Object.hasOwn(replies, id) ? replies[id] : undefined;
      const before = requestsTo(id).length;
      requests.push(request);
      const list = Array.isArray(found)
        ? (found as readonly HttpReply[])
        : [found as HttpReply | undefined];
      const reply = list[Math.min(before, list.length - 1)];
      if (reply === undefined) return null;
      return toAnswer(typeof reply === "function" ? reply(request, before) : reply);
    },
  };
};
