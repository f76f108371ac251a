import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import type { Attester } from "../attestation/attester.ts";
import type { Clock } from "../core/clock.ts";
import { fabricError, httpStatusOf, isFabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import type { Log } from "../core/log.ts";
import { answerChallenge } from "./answer-challenge.ts";
import { CHALLENGE_PATH } from "./ask-challenge.ts";
import { createAttestedIdentity, type AttestedIdentity } from "./attested-identity.ts";
import type { AttestedPeer, PeerRules } from "./check-peer.ts";
import { createAttestedServer } from "./create-attested-server.ts";

/** An HTTP service behind attested TLS. */
export interface AttestedHttp {
  /** `https://…`; its certificate is self-signed, and the evidence in it is what a client goes by. */
  readonly url: string;
  /** Of the certificate that is served now. */
  readonly identity: () => AttestedIdentity;
  /** Who is at the other end of a request's connection; null where the listener asks nobody. */
  readonly peerOf: (socket: object) => AttestedPeer | null;
  /** Answers what is under way, then closes. */
  close(): Promise<void>;
}

export interface AttestedHttpOptions {
  /** What answers everything but the challenge: `app.routing` of a Fastify that is ready. */
  readonly handler: RequestListener;
  readonly address: { readonly host: string; readonly port: number };
  readonly attester: Attester;
  readonly clock: Clock;
  readonly log: Log;
  /** Mutual: whom this service takes. Null: anybody, who then looks at our evidence. */
  readonly peers: PeerRules | null;
  /** ms after which key and evidence are made anew; at most half of what the evidence holds. */
  readonly renewMs: number;
  readonly signal?: AbortSignal;
}

/** Challenges that are answered at once: each makes a quote. */
const MAX_CHALLENGES = 8;
/** ms that answers under way have at the end. */
const CLOSE_MS = 5_000;
/** ms after a renewal that failed. */
const RETRY_MS = 30_000;

/**
 * Serve HTTP over attested TLS 1.3, renew key and evidence, and answer challenges at `/.well-known/cryptlet/attestation`.
 * Throws `PEER_UNREACHABLE` when it cannot listen, and what the attester throws.
 * @example
 * ```ts
 * const http = await startAttestedHttp({ handler: app.routing, address, attester, clock, log, peers: null, renewMs });
 * ```
 */
export const startAttestedHttp = async (options: AttestedHttpOptions): Promise<AttestedHttp> => {
  const { attester, clock, log, peers, handler, address } = options;
  const call = options.signal ? { signal: options.signal } : {};
  let identity = await createAttestedIdentity({ attester, clock, ...call });
  const peerOf = new WeakMap<object, AttestedPeer>();
  const stop = new AbortController();
  let challenges = 0;

  const challenged = async (socket: TLSSocket, nonce: string, response: ServerResponse) => {
    challenges += 1;
    try {
      if (challenges > MAX_CHALLENGES) throw fabricError("PEER_CHALLENGES_EXHAUSTED", {});
      const evidence = await answerChallenge(socket, nonce, identity, { signal: stop.signal });
      send(response, 200, { evidence });
    } catch (error) {
      const known = isFabricError(error)
        ? error
        : fabricError("INTERNAL", { reason: "no evidence" });
      if (known !== error) log.error("challenge failed", { error });
      send(response, httpStatusOf(known.code), { error: toWire(known) });
    } finally {
      challenges -= 1;
    }
  };
  const http = createServer(
    {
      maxHeaderSize: 16_384,
      headersTimeout: 10_000,
      requestTimeout: 10_000,
      keepAliveTimeout: 30_000,
    },
    (request, response) => {
      const [path, query = ""] = (request.url ?? "").split("?", 2);
      if (request.method !== "GET" || path !== CHALLENGE_PATH) return handler(request, response);
      const nonce = new URLSearchParams(query).get("nonce") ?? "";
      return void challenged(request.socket as TLSSocket, nonce, response);
    },
  );
  const server = createAttestedServer({
    identity,
    log,
    peers,
    onConnection: (socket, peer) => {
      if (peer) peerOf.set(socket, peer);
      http.emit("connection", socket);
    },
  });
  const port = await server.listen(address);

  const renew = async (): Promise<void> => {
    let wait = options.renewMs;
    while (!stop.signal.aborted) {
      try {
        await clock.sleep(wait, { signal: stop.signal });
        identity = await createAttestedIdentity({ attester, clock, signal: stop.signal });
        server.use(identity);
        wait = options.renewMs;
      } catch (error) {
        if (stop.signal.aborted) return;
        wait = RETRY_MS;
        log.error("attested identity not renewed", { error });
      }
    }
  };
  const renewing = renew();

  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return {
    url: `https://${host}:${port}`,
    identity: () => identity,
    peerOf: (socket) => peerOf.get(socket) ?? null,
    close: async () => {
      stop.abort();
      http.closeIdleConnections();
      const force = setTimeout(() => http.closeAllConnections(), CLOSE_MS);
      // Not listening itself, it only counts the connections that it was given.
      const quiet = new Promise<void>((resolve) => {
        http.close(() => resolve());
      });
      await quiet;
      clearTimeout(force);
      await server.close();
      await renewing;
    },
  };
};

const send = (response: ServerResponse, status: number, body: unknown): void => {
  const text = Buffer.from(JSON.stringify(body));
  response
    .writeHead(status, {
      "content-type": "application/json; charset=utf-8",
      "content-length": text.length,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    })
    .end(text);
};
