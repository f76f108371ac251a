import type { RequestListener } from "node:http";
import type { Socket } from "node:net";
import swagger from "@fastify/swagger";
import { fastify } from "fastify";
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import type { Secret } from "../core/config/secret.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { Log } from "../core/log.ts";
import type { Fabric } from "../host/fabric.ts";
import { createAuthorise } from "./authorise.ts";
import { clientErrorHandler, createErrorHandler, notFoundHandler } from "./error-reply.ts";
import { createEventStreams, type StreamLimits } from "./event-streams.ts";
import { injectRequest } from "./inject-request.ts";
import { attestationRoutes } from "./routes/attestation.ts";
import { deadLetterRoutes } from "./routes/dead-letters.ts";
import { ccipRoutes } from "./routes/ccip.ts";
import { batchRoutes } from "./routes/batches.ts";
import { cryptletRoutes } from "./routes/cryptlets.ts";
import { deliveryRoutes } from "./routes/deliveries.ts";
import { envelopeRoutes } from "./routes/envelopes.ts";
import { feedEventRoutes } from "./routes/feed-events.ts";
import { feedRoutes } from "./routes/feeds.ts";
import { latestRoutes } from "./routes/latest.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { requestRoutes } from "./routes/requests.ts";
import { registryLogRoutes } from "./routes/registry-log.ts";
import { registryPackageRoutes } from "./routes/registry-packages.ts";
import { registrySubmissionRoutes } from "./routes/registry-submissions.ts";
import { runRoutes } from "./routes/runs.ts";
import { statusRoutes } from "./routes/status.ts";
import { subscriptionRoutes } from "./routes/subscriptions.ts";
import { webhookRoutes } from "./routes/webhooks.ts";

/** The fabric over HTTP. It reads; with a token it also runs feeds, keeps subscriptions and webhooks, and tries again. */
export interface Api {
  /** Resolves with the URL. Port 0 takes a free one. Throws `API_ADDRESS_UNAVAILABLE`. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>;
  /** The same routes for another listener, which must end before `close`. */
  handler(): Promise<RequestListener>;
  /** The answer to one request without a listener; only the path of its URL matters. */
  inject(request: Request): Promise<Response>;
  /** Answers what is under way, ends the event streams, closes. */
  close(): Promise<void>;
  /** The OpenAPI 3.1 document. */
  openapi(): Promise<object>;
}

export interface ApiOptions {
  readonly fabric: Fabric;
  readonly log: Log;
  /** When given, everything below /v1 but /v1/attestation, and /metrics, need it as bearer token. */
  readonly token?: Secret | null;
  readonly streams?: Partial<StreamLimits>;
}

const STREAMS: StreamLimits = { streams: 1_000, heartbeatMs: 15_000, stallMs: 30_000 };

/** Longest wait for answers that are under way when the API closes, in ms. */
const CLOSE_MS = 5_000;

/** No other origin may read or frame an answer, and nothing guesses its type. There is no CORS. */
const HEADERS = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/**
 * Put a fabric behind HTTP.
 * @example
 * ```ts
 * const api = createApi({ fabric, log, token: config.api.token });
 * const url = await api.listen(config.api); // "http://127.0.0.1:8600"
 * await api.close();
 * ```
 */
export const createApi = ({ fabric, log, token, streams: limits }: ApiOptions): Api => {
  const streams = createEventStreams({ ...STREAMS, ...limits }, log);
  const app = fastify({
    // Bodies are refused but where a plugin takes its own, headers and times are bounded: nothing that a client sends
    // makes the host hold much.
    bodyLimit: 1,
    requestTimeout: 10_000,
    keepAliveTimeout: 30_000,
    http: { maxHeaderSize: 16_384, headersTimeout: 10_000 },
    routerOptions: { maxParamLength: 256 },
    clientErrorHandler,
    frameworkErrors: createErrorHandler(log),
  }).withTypeProvider<ZodTypeProvider>();

  app.removeAllContentTypeParsers();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(createErrorHandler(log));
  app.setNotFoundHandler(notFoundHandler);
  app.addHook("onRequest", (_request, reply, done) => {
    void reply.headers(HEADERS);
    done();
  });
  const sockets = new Set<Socket>();
  app.server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  app.addHook("preClose", async () => {
    // Endless answers end before the server waits for the last answer.
    await streams.drain();
    // Node counts a connection that never asked anything as busy, and would wait for it.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  });

  void app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Cryptlet Fabric",
        version: "1",
        description:
          "Reads feeds, rounds, envelopes and bundles of one fabric; with a token it also runs feeds, keeps subscriptions and webhooks, and tries failed deliveries and dead letters again.",
      },
    },
    transform: jsonSchemaTransform,
  });
  void app.register(async (open) => {
    await open.register(statusRoutes, { fabric });
    await open.register(attestationRoutes, { fabric });
    open.get("/openapi.json", { schema: { hide: true } }, () => app.swagger());
  });
  void app.register(async (registry) => {
    // What a registry holds proves itself, and who may add to it is said by signatures.
    if (token && fabric.registry?.settings.open !== true)
      registry.addHook("onRequest", createAuthorise(token));
    await registry.register(registryLogRoutes, { fabric });
    await registry.register(registryPackageRoutes, { fabric });
    await registry.register(registrySubmissionRoutes, { fabric });
  });
  void app.register(async (guarded) => {
    if (token) guarded.addHook("onRequest", createAuthorise(token));
    await guarded.register(metricsRoutes, { fabric });
    await guarded.register(latestRoutes, { fabric });
    await guarded.register(feedRoutes, { fabric });
    await guarded.register(feedEventRoutes, { fabric, streams });
    await guarded.register(envelopeRoutes, { fabric });
    await guarded.register(batchRoutes, { fabric });
    await guarded.register(ccipRoutes, { fabric });
    await guarded.register(cryptletRoutes, { fabric });
    const mayWrite = token !== undefined && token !== null;
    await guarded.register(deliveryRoutes, { fabric, mayWrite });
    await guarded.register(deadLetterRoutes, { fabric, mayWrite });
    await guarded.register(runRoutes, { fabric });
    await guarded.register(requestRoutes, { fabric, mayWrite });
    await guarded.register(subscriptionRoutes, { fabric, mayWrite });
    await guarded.register(webhookRoutes, { fabric, mayWrite });
  });

  return {
    async listen({ host, port }) {
      try {
        return await app.listen({ host, port });
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw fabricError("API_ADDRESS_UNAVAILABLE", { host, port, reason }, { cause: error });
      }
    },
    async handler() {
      await app.ready();
      return (request, response) => app.routing(request, response);
    },
    inject: (request) => injectRequest(app, request),
    async close() {
      const force = setTimeout(() => app.server.closeAllConnections(), CLOSE_MS);
      try {
        await app.close();
      } finally {
        clearTimeout(force);
      }
    },
    async openapi() {
      await app.ready();
      return app.swagger();
    },
  };
};
