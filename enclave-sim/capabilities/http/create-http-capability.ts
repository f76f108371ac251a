import { randomBytes } from "node:crypto";
import { systemClock, type Clock } from "../../../src/core/clock.ts";
import { fabricError, isFabricError } from "../../../src/core/errors/fabric-error.ts";
import { toWire } from "../../../src/core/errors/wire.ts";
import type { HttpRequest, SourceMode } from "../../../src/sdk/abi.ts";
import type { HttpManifest, SecretManifest } from "../../../src/sdk/manifest.ts";
import type { HttpCapability, HttpExchange, SourcesConfiguration } from "./http-capability.ts";
import { createAccessTokens } from "./access-tokens.ts";
import { createConnectionPool } from "./connection-pool.ts";
import { createExchange, type Sightings, type WireAnswer } from "./exchange.ts";
import { crossingHeaders } from "./headers.ts";
import { createRateLimits } from "./rate-limits.ts";
import { requestDigest } from "./request-digest.ts";
import { systemResolver, type Resolver } from "./resolve-host.ts";
import { createSecretBox, type SecretBox } from "../secrets/secret-box.ts";
import { createSender, type Sender } from "./sender.ts";

/** What the http capability of one Cryptlet is made of. */
export interface HttpCapabilityOptions {
  readonly http: HttpManifest;
  readonly secrets: readonly SecretManifest[];
  readonly secretValues: Readonly<Record<string, string>>;
  /** 32 bytes that key the digests of used secrets; random when left out, and then digests say nothing after a restart. */
  readonly secretUseKey?: Uint8Array;
  readonly sources: SourcesConfiguration;
  readonly clock?: Clock;
  readonly resolver?: Resolver;
}

/**
 * The host half of `ctx.http`: allow-list, pinned public addresses, TLS, limits, secrets, tokens, rate limits.
 * A fault of a source is its `ok: false` with a code `HTTP_*`.
 * @example
 * ```ts
 * const capability = createHttpCapability({ http, secrets: [], secretValues: {}, sources });
 * const [exchange] = await capability.all([request], { signal, nextReference });
 * ```
 */
export const createHttpCapability = (options: HttpCapabilityOptions): HttpCapability => {
  const { http, sources, clock = systemClock, resolver = systemResolver } = options;
  const mode: SourceMode = sources.mode === "live" ? "LIVE" : "EMULATED";
  const now = () => clock.now();
  const pool = createConnectionPool();
  const useKey = options.secretUseKey ?? randomBytes(32);
  const secrets = createSecretBox(options.secrets, options.secretValues, useKey);
  const sender = createSender({
    http,
    secrets,
    tokens: createAccessTokens(secrets, now),
    rateLimits: createRateLimits(now),
    exchange: createExchange({ pool, sources, resolver }),
  });
  return {
    all: (requests, { signal, nextReference }) =>
      Promise.all(
        requests.map((request, at) => {
          const reference = nextReference();
          const repeated = requests.findIndex(({ id }) => id === request.id) < at;
          const run = { request, reference, repeated, mode, http, sender, secrets, signal, now };
          return exchangeOne(run);
        }),
      ),
    close: () => pool.close(),
  };
};

const exchangeOne = async (run: {
  readonly request: HttpRequest;
  readonly reference: number;
  readonly repeated: boolean;
  readonly mode: SourceMode;
  readonly http: HttpManifest;
  readonly sender: Sender;
  readonly secrets: SecretBox;
  readonly signal: AbortSignal;
  readonly now: () => number;
}): Promise<HttpExchange> => {
  const { request, reference, mode, http, signal } = run;
  const { id } = request;
  const sightings: Sightings = { tls: null, status: null, secrets: new Set() };
  const provenance = (answer: WireAnswer | null, receivedAt: number | null) => ({
    reference,
    id,
    mode,
    requestDigest: requestDigest(request),
    tls: sightings.tls,
    status: sightings.status,
    responseDigest: answer?.body.digest ?? null,
    receivedAt,
    ...(sightings.secrets.size === 0 ? {} : { secrets: run.secrets.usesOf(sightings.secrets) }),
  });
  try {
    if (reference > http.maxRequests)
      throw fabricError("HTTP_TOO_MANY_REQUESTS", { limit: http.maxRequests });
    if (run.repeated)
      throw fabricError("HTTP_REQUEST_INVALID", { source: id, reason: "its id is used twice" });
    const timeoutMs = Math.min(request.timeoutMs ?? http.timeoutMs, http.timeoutMs);
    const answer = await withinTime(timeoutMs, request, signal, (inner) =>
      run.sender(request, { signal: inner, sightings }),
    );
    const receivedAt = run.now();
    const { status, body } = answer;
    const headers = crossingHeaders(answer.headers);
    return {
      answer: { ok: true, id, reference, mode, status, headers, body: body.text, receivedAt },
      provenance: provenance(answer, receivedAt),
    };
  } catch (error) {
    signal.throwIfAborted();
    const wire = toWire(error);
    // Where a provider's words stand in an error, they may be an echo.
    const echoed = run.secrets.appearsIn(JSON.stringify(wire));
    const refusal = echoed
      ? toWire(fabricError("HTTP_SECRET_ECHOED", { host: hostOf(request) }))
      : wire;
    return { answer: { ok: false, id, error: refusal }, provenance: provenance(null, null) };
  }
};

const hostOf = ({ url, id }: HttpRequest): string =>
  URL.canParse(url) ? new URL(url).hostname : id;

/** Ends the work after `timeoutMs` with `HTTP_TIMEOUT`, or with the outer signal's reason. */
const withinTime = async <Value>(
  timeoutMs: number,
  request: HttpRequest,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> => {
  const host = hostOf(request);
  const controller = new AbortController();
  const late = fabricError("HTTP_TIMEOUT", { host, timeoutMs });
  const timer = setTimeout(() => controller.abort(late), timeoutMs);
  const signal = AbortSignal.any([outer, controller.signal]);
  try {
    return await work(signal);
  } catch (error) {
    if (controller.signal.aborted && !isFabricError(error)) throw late;
    throw error;
  } finally {
    clearTimeout(timer);
  }
};
