import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest, onRequestHookHandler } from "fastify";
import type { Secret } from "../core/config/secret.ts";
import { fabricError } from "../core/errors/fabric-error.ts";

const hash = (text: string): Buffer => createHash("sha256").update(text).digest();

const bearerOf = (request: FastifyRequest): string =>
  /^bearer +([^ ]+) *$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";

/** Demands the bearer token (RFC 6750). Digests are compared, so that neither content nor length shows in time. */
export const createAuthorise = (token: Secret): onRequestHookHandler => {
  const expected = hash(token.reveal());
  return (request, _reply, done) => {
    if (timingSafeEqual(hash(bearerOf(request)), expected)) done();
    else done(fabricError("API_UNAUTHORIZED", {}));
  };
};
