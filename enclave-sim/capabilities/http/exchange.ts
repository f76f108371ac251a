import type { Readable } from "node:stream";
import { fabricError, isFabricError } from "../../../src/core/errors/fabric-error.ts";
import { systemCode } from "../../../src/core/errors/system-code.ts";
import { withinSignal } from "../../../src/core/within-signal.ts";
import type { SourcesConfiguration } from "./http-capability.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import type { Connection, Target, TlsFacts } from "./connection.ts";
import { flatHeaders } from "./headers.ts";
import type { ResponseHeaders } from "./rate-limits.ts";
import { readBody, type Body } from "./read-body.ts";
import { resolveHost, type Resolver } from "./resolve-host.ts";

/** One request on the wire, everything filled in. */
export interface WireRequest {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** What was seen so far, kept also when the exchange fails. */
export interface Sightings {
  tls: TlsFacts | null;
  status: number | null;
  /** Names of the secrets that went into the request, its token's included. */
  readonly secrets: Set<string>;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: Body;
}

/** One request and its answer over a pinned address, without redirects. */
export type Exchange = (
  request: WireRequest,
  options: {
    readonly limit: number;
    readonly signal: AbortSignal;
    readonly sightings: Sightings;
  },
) => Promise<WireAnswer>;

export const createExchange = (parts: {
  readonly pool: ConnectionPool;
  readonly sources: SourcesConfiguration;
  readonly resolver: Resolver;
}): Exchange => {
  const { pool, sources, resolver } = parts;
  const targetsOf = async (url: URL): Promise<readonly Target[]> => {
    const host = url.hostname;
    const port = url.port === "" ? 443 : Number(url.port);
    if (sources.mode === "emulated")
      return [
        { host, port, address: sources.address, addressPort: sources.port, caPem: sources.caPem },
      ];
    const { allowPrivateAddresses } = sources;
    const addresses = await resolveHost(host, { allowPrivateAddresses, resolver });
    return addresses.map((address) => ({ host, port, address, addressPort: port, caPem: null }));
  };
  return async (request, options) => {
    const targets = await withinSignal(targetsOf(request.url), options.signal);
    for (const [at, target] of targets.entries()) {
      try {
        return await exchangeWith(pool, target, request, options);
      } catch (error) {
        const last = at === targets.length - 1;
        if (last || !isFabricError(error, "HTTP_UNREACHABLE")) throw error;
      }
    }
    throw fabricError("HTTP_UNREACHABLE", { host: request.url.hostname, reason: "no address" });
  };
};

const exchangeWith = async (
  pool: ConnectionPool,
  target: Target,
  request: WireRequest,
  options: Parameters<Exchange>[1],
): Promise<WireAnswer> => {
  for (;;) {
    const connection = pool.take(target);
    const reused = connection.used;
    options.sightings.tls = null;
    options.sightings.status = null;
    try {
      // undici hears an abort only once it is connected; a handshake that stalls has to be left at once too.
      const answer = await withinSignal(exchangeOn(connection, request, options), options.signal);
      pool.giveBack(target, connection);
      return answer;
    } catch (error) {
      pool.discard(connection);
      if (options.signal.aborted) throw options.signal.reason as Error;
      if (isFabricError(error)) throw error;
      // A server may close an idle connection just as it is used again: that says nothing about the source.
      const began = options.sightings.status !== null;
      if (reused && !began && request.method === "GET") continue;
      throw broken(error, target.host, options.limit);
    }
  }
};

const exchangeOn = async (
  connection: Connection,
  request: WireRequest,
  options: Parameters<Exchange>[1],
): Promise<WireAnswer> => {
  const { url, method, headers, body } = request;
  const answer = await connection.client.request({
    path: `${url.pathname}${url.search}`,
    method,
    headers,
    body,
    signal: options.signal,
  });
  options.sightings.tls = connection.facts();
  options.sightings.status = answer.statusCode;
  const flat = flatHeaders(answer.headers);
  const stream: Readable = answer.body;
  // Cutting an answer short makes the stream report an abort that nobody waits for any more.
  stream.on("error", () => {});
  const whole = await readBody(stream, {
    host: url.hostname,
    encoding: flat["content-encoding"] ?? "",
    limit: options.limit,
  });
  return { status: answer.statusCode, headers: flat, body: whole };
};

const broken = (cause: unknown, host: string, limit: number): Error => {
  const code = systemCode(cause) ?? "unknown";
  return code === "UND_ERR_HEADERS_OVERFLOW"
    ? fabricError("HTTP_TOO_LARGE", { host, limit }, { cause })
    : fabricError("HTTP_BROKEN", { host, reason: code }, { cause });
};
