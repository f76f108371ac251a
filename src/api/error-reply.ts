import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import type { Socket } from "node:net";
import { STATUS_CODES } from "node:http";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { fabricError, httpStatusOf, isFabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import type { Log } from "../core/log.ts";

/** Names of the parts of a request, as its sender knows them. */
const PARTS: Readonly<Record<string, string>> = {
  querystring: "query",
  params: "path",
  headers: "headers",
  body: "body",
};
const MAX_PATH = 200;

/** Errors of Fastify and of the schemas become errors of the catalogue; what nobody expected says nothing of itself. */
const toFabricError = (error: FastifyError, request: FastifyRequest): Error => {
  if (isFabricError(error)) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const part = PARTS[error.validationContext ?? ""] ?? "request";
    const faults = error.validation.map(
      ({ instancePath, message }) =>
        `${part}${instancePath.replaceAll("/", ".")}: ${message ?? "not valid"}`,
    );
    return fabricError("API_REQUEST_INVALID", { faults: faults.join("; ") });
  }
  if (error.statusCode === 413 || error.statusCode === 415)
    return fabricError("API_BODY_REFUSED", {});
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return fabricError("API_REQUEST_MALFORMED", { reason: error.code });
  return fabricError("INTERNAL", { reason: `the log tells about request ${request.id}` });
};

/** Fastify's error handler: `{ error: { code, message, hint, arguments } }`, never a stack. */
export const createErrorHandler =
  (log: Log) =>
  (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    const known = toFabricError(error, request);
    const wire = toWire(known);
    const status = httpStatusOf(wire.code);
    const where = { request: request.id, route: request.routeOptions.url };
    // A refusal that everybody can bring about is a line, not a stack: else a client writes the log.
    if (status === 500) log.error("request failed", { ...where, error });
    else if (status > 500) log.warn("request refused", { ...where, code: wire.code });
    if (status === 401) void reply.header("www-authenticate", "Bearer");
    if (status === 503) void reply.header("retry-after", "1");
    void reply
      .code(status)
      .type("application/json; charset=utf-8")
      .send(Buffer.from(JSON.stringify({ error: wire })));
  };

export const notFoundHandler = (request: FastifyRequest, reply: FastifyReply) => {
  const path = request.url.split("?", 1)[0] ?? "";
  const error = fabricError("API_ROUTE_UNKNOWN", {
    method: request.method,
    path: path.slice(0, MAX_PATH),
  });
  return reply.code(404).send({ error: toWire(error) });
};

/** Answers on the bare socket what never became a request: bad HTTP, headers above the limit, too slow. */
export const clientErrorHandler = (error: Error & { code?: string }, socket: Socket): void => {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status =
    error.code === "HPE_HEADER_OVERFLOW"
      ? 431
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? 408
        : 400;
  const reason = STATUS_CODES[status] ?? "Bad Request";
  const body = JSON.stringify({ error: toWire(fabricError("API_REQUEST_MALFORMED", { reason })) });
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
};
