import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { createCertificateAuthority } from "./certificate-authority.ts";
import { sendJson } from "./fault.ts";
import { listen } from "./listen.ts";
import { readSmallBody } from "./small-body.ts";

/** A request as a recording knows it. */
export interface ReplayRequest {
  readonly method: string;
  /** `https://`, the host that was named, path and query. */
  readonly url: string;
}

/** What a recording has for it; `error` is the code that the request failed with when it was recorded. */
export type ReplayAnswer =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly error: string };

export interface ReplayServerOptions {
  /** Asked anew for each request, so that answers may change. */
  readonly answer: (request: ReplayRequest) => ReplayAnswer | null;
  /** Told of a request to which there is no answer; the client gets 404. */
  readonly onMissing?: (request: ReplayRequest) => void;
  /** 0 or left out: a free port. */
  readonly port?: number;
}

/** Runs until `close`; the rest is what an enclave in emulated mode is configured with. */
export interface ReplayServer {
  readonly address: string;
  readonly port: number;
  /** The only authority that has to be trusted; made at the start, gone at the end. */
  readonly caPem: string;
  close(): Promise<void>;
}

/** Host names, RFC 1123: certificates are made for nothing else. */
const HOST = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{1,63}$/;
/** Certificates that one server makes. */
const MAX_HOSTS = 256;
/** Set by the server for the body that it sends. */
const OWN_HEADERS: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);
/** Of an access token that a recording lacks: tokens are no answers of sources, and never recorded. */
const TOKEN = JSON.stringify({
  access_token: "recorded-sources-need-no-token",
  token_type: "Bearer",
  expires_in: 3_600,
});

const isTokenRequest = (request: IncomingMessage, body: string): boolean =>
  request.method === "POST" &&
  /^application\/x-www-form-urlencoded\b/.test(request.headers["content-type"] ?? "") &&
  new URLSearchParams(body).has("grant_type");

/**
 * Serves recorded answers over real TLS under the names of their hosts, on loopback, so that an enclave reads them with
 * the same client, limits and rules as live ones.
 * @example
 * ```ts
 * const server = await startReplayServer({ answer: (request) => answersAt(recording, clock.now()).http(request) });
 * ```
 */
export const startReplayServer = async (options: ReplayServerOptions): Promise<ReplayServer> => {
  // Certificates are checked by the machine's clock, whatever the market's is.
  const authority = await createCertificateAuthority(Date.now());
  const hosts = new Set<string>();
  const server = createServer({
    SNICallback: (name, callback) => {
      const host = name.toLowerCase();
      if (!HOST.test(host) || (!hosts.has(host) && hosts.size >= MAX_HOSTS)) {
        callback(new Error("no such host here"));
        return;
      }
      hosts.add(host);
      callback(null, authority.contextFor(host));
    },
    requestTimeout: 30_000,
  });
  server.on("request", (request, response) => {
    void serve(options, request, response);
  });
  // A refused handshake or a cut connection is the client's affair.
  server.on("tlsClientError", () => {});
  const bound = await listen(server, options.port ?? 0);
  return {
    address: "127.0.0.1",
    port: bound.port,
    caPem: authority.certificatePem,
    close: () => bound.close(),
  };
};

const serve = async (
  { answer, onMissing }: ReplayServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const host = (request.headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
  const asked = { method: request.method ?? "GET", url: `https://${host}${request.url ?? "/"}` };
  const body = await readSmallBody(request).catch(() => null);
  if (body === null) return;
  const found = answer(asked);
  if (!found) {
    if (isTokenRequest(request, body)) {
      sendJson(response, 200, TOKEN);
      return;
    }
    onMissing?.(asked);
    sendJson(response, 404, '{"message":"the recording has no answer to this request"}');
    return;
  }
  if ("error" in found) {
    // Whoever timed out waits again; every other fault of a connection is one that ends.
    if (found.error !== "HTTP_TIMEOUT") response.destroy();
    return;
  }
  // The machine's time is no part of a recording: two runs on one would differ by it.
  response.sendDate = false;
  const headers = Object.fromEntries(
    Object.entries(found.headers ?? {}).filter(([name]) => !OWN_HEADERS.has(name)),
  );
  sendJson(response, found.status ?? 200, found.body, headers);
};
