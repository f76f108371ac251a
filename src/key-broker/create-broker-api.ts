import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import rateLimit from "@fastify/rate-limit";
import { fastify, type FastifyError, type FastifyReply, type FastifyRequest } from "fastify";
import {
  hasZodFastifySchemaValidationErrors,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import { z } from "zod";
import { fabricError, httpStatusOf, isFabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import type { Log } from "../core/log.ts";
import type { BrokerConfig } from "./broker-config.ts";
import { createHostIdentifier } from "./identify-host.ts";
import type { KeyBroker } from "./key-broker.ts";
import {
  BROKER_PATHS,
  challengeSchema,
  MAX_REQUEST_BYTES,
  releaseAnswerSchema,
  releaseRequestSchema,
} from "./protocol.ts";

/** The key broker over HTTP. */
export interface BrokerApi {
  /** Resolves with the URL. Throws `BROKER_ADDRESS_UNAVAILABLE`. */
  listen(): Promise<string>;
  /** Answers what is under way, then closes. */
  close(): Promise<void>;
}

/** ms that answers under way have at the end. */
const CLOSE_MS = 5_000;
const LIMITS = { maxHeaderSize: 16_384, headersTimeout: 10_000 };
const HEADERS = { "x-content-type-options": "nosniff", "cache-control": "no-store" };

const toFabricError = (error: FastifyError, request: FastifyRequest): Error => {
  if (isFabricError(error)) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const faults = error.validation.map(
      ({ instancePath, message }) => `${instancePath || "body"}: ${message ?? "?"}`,
    );
    return fabricError("BROKER_REQUEST_INVALID", { faults: faults.join("; ").slice(0, 1_000) });
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return fabricError("BROKER_REQUEST_INVALID", { faults: error.code });
  return fabricError("INTERNAL", { reason: `the log tells about request ${request.id}` });
};

/** Put a broker behind HTTP: bodies, times and rates bounded, every host known by its token. */
export const createBrokerApi = async (options: {
  readonly broker: KeyBroker;
  readonly config: BrokerConfig;
  readonly log: Log;
}): Promise<BrokerApi> => {
  const { broker, config, log } = options;
  const identify = createHostIdentifier(config.hosts);
  const { tls } = config;
  const app = fastify({
    bodyLimit: MAX_REQUEST_BYTES,
    requestTimeout: 10_000,
    keepAliveTimeout: 30_000,
    serverFactory: (handler) =>
      tls
        ? createHttpsServer(
            {
              ...LIMITS,
              cert: readFileSync(tls.certificateFile),
              key: tls.key.reveal(),
              minVersion: "TLSv1.3",
            },
            handler,
          )
        : createHttpServer(LIMITS, handler),
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    const wire = toWire(toFabricError(error, request));
    const status = httpStatusOf(wire.code);
    if (status >= 500) log.error("request failed", { request: request.id, error });
    if (status === 401) void reply.header("www-authenticate", "Bearer");
    void reply
      .code(status)
      .type("application/json; charset=utf-8")
      .send(Buffer.from(JSON.stringify({ error: wire })));
  });
  app.setNotFoundHandler((request, reply) => {
    const error = fabricError("API_ROUTE_UNKNOWN", {
      method: request.method,
      path: (request.url.split("?", 1)[0] ?? "").slice(0, 200),
    });
    return reply.code(404).send({ error: toWire(error) });
  });
  app.addHook("onRequest", (_request, reply, done) => {
    void reply.headers(HEADERS);
    done();
  });
  await app.register(rateLimit, {
    max: config.requestsPerMinute,
    timeWindow: 60_000,
    errorResponseBuilder: () => fabricError("BROKER_BUSY", {}),
  });
  app.get(
    BROKER_PATHS.health,
    { schema: { response: { 200: z.strictObject({ ok: z.boolean() }) } } },
    () => ({
      ok: true,
    }),
  );
  await app.register(async (guarded) => {
    const names = new WeakMap<object, string>();
    guarded.addHook("onRequest", (request, _reply, done) => {
      const name = identify(request.headers.authorization);
      if (name === null) return done(fabricError("BROKER_UNAUTHORIZED", {}));
      names.set(request.raw, name);
      return done();
    });
    const hostOf = (request: { readonly raw: object }): string => {
      const name = names.get(request.raw);
      if (name === undefined) throw fabricError("BROKER_UNAUTHORIZED", {});
      return name;
    };
    const routes = guarded.withTypeProvider<ZodTypeProvider>();
    routes.post(
      BROKER_PATHS.challenges,
      { bodyLimit: 2, schema: { response: { 200: challengeSchema } } },
      (request) => broker.challenge(hostOf(request)),
    );
    routes.post(
      BROKER_PATHS.releases,
      { schema: { body: releaseRequestSchema, response: { 200: releaseAnswerSchema } } },
      (request) => broker.release(hostOf(request), request.body),
    );
  });

  return {
    listen: async () => {
      const { host, port } = config.listen;
      try {
        return await app.listen({ host, port });
      } catch (error) {
        const reason = error instanceof Error ? error.message : "unknown";
        throw fabricError("BROKER_ADDRESS_UNAVAILABLE", { host, port, reason }, { cause: error });
      }
    },
    close: async () => {
      const force = setTimeout(() => app.server.closeAllConnections(), CLOSE_MS);
      try {
        await app.close();
      } finally {
        clearTimeout(force);
      }
    },
  };
};
