import { fabricError, isFabricError } from "../../../src/core/errors/fabric-error.ts";
import type { HttpRequest } from "../../../src/sdk/abi.ts";
import type { HttpManifest } from "../../../src/sdk/manifest.ts";
import type { AccessTokens, TokenSender } from "./access-tokens.ts";
import { checkUrl } from "./check-url.ts";
import type { Exchange, Sightings, WireAnswer, WireRequest } from "./exchange.ts";
import { crossingHeaders, requestHeaders } from "./headers.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { SecretBox } from "../secrets/secret-box.ts";

const MAX_REDIRECTS = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Sends one request of a Cryptlet: checks, secrets, token, redirects. */
export type Sender = (
  request: HttpRequest,
  options: { readonly signal: AbortSignal; readonly sightings: Sightings },
) => Promise<WireAnswer>;

export const createSender = (parts: {
  readonly http: HttpManifest;
  readonly secrets: SecretBox;
  readonly tokens: AccessTokens;
  readonly rateLimits: RateLimits;
  readonly exchange: Exchange;
}): Sender => {
  const { http, secrets, tokens, rateLimits, exchange } = parts;

  /** One hop: everything that must hold for each request on the wire. */
  const hop = async (
    request: WireRequest,
    options: { readonly signal: AbortSignal; readonly sightings: Sightings },
  ): Promise<WireAnswer> => {
    const host = request.url.hostname;
    rateLimits.refuseIfHeld(host);
    const answer = await exchange(request, { ...options, limit: http.maxResponseBytes });
    rateLimits.learn(host, answer.status, answer.headers);
    return answer;
  };

  const send = async (
    request: HttpRequest,
    token: string | null,
    options: { readonly signal: AbortSignal; readonly sightings: Sightings },
  ): Promise<WireAnswer> => {
    const first = checkUrl(request.url, request.id, http);
    const fill = (template: string) =>
      secrets.fill(template, first.hostname, options.sightings.secrets);
    const headers = requestHeaders(request, fill);
    if (token !== null) headers["authorization"] = `Bearer ${token}`;
    const body = request.body === undefined ? null : fill(request.body);
    let wire: WireRequest = { url: first, method: request.method, headers, body };
    for (let redirects = 0; ; redirects += 1) {
      const answer = await hop(wire, options);
      const location = answer.headers["location"];
      if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
      const refused = (reason: string) =>
        fabricError("HTTP_REDIRECT_REFUSED", { host: wire.url.hostname, reason });
      if (wire.method !== "GET") throw refused("it would send the body again");
      if (redirects === MAX_REDIRECTS) throw refused("there are too many");
      wire = redirected(wire, followed(location, wire.url, request.id, http));
    }
  };

  return async (request, options) => {
    const { auth } = request;
    const plain = auth === undefined;
    // The host must be allowed before a token is fetched for it.
    checkUrl(request.url, request.id, http);
    const sendToken: TokenSender = (url, build) => {
      const checked = checkUrl(url, request.id, http);
      const used = options.sightings.secrets;
      const tokenSightings: Sightings = { tls: null, status: null, secrets: used };
      const wire = { url: checked, ...build(checked.hostname) };
      return hop(wire, { signal: options.signal, sightings: tokenSightings });
    };
    const token = plain ? null : await tokens.get(auth, sendToken);
    // A token that was kept from an earlier request was still made of these.
    if (!plain)
      for (const template of [auth.clientId, auth.clientSecret])
        secrets.note(template, options.sightings.secrets);
    let answer = await send(request, token, options);
    if (!plain && token !== null && answer.status === 401) {
      // Revoked before its time: one fresh token, then the answer stands.
      tokens.forget(auth, token);
      answer = await send(request, await tokens.get(auth, sendToken), options);
    }
    // Only the token of this request: a hostile token endpoint could otherwise choose a word of other hosts' answers.
    const text = `${answer.body.text}\n${JSON.stringify(crossingHeaders(answer.headers))}`;
    if (secrets.appearsIn(text) || (!plain && tokens.appearsIn(auth, text)))
      throw fabricError("HTTP_SECRET_ECHOED", { host: new URL(request.url).hostname });
    return answer;
  };
};

/** The target of a redirect; what the manifest does not allow becomes `HTTP_REDIRECT_REFUSED`. */
const followed = (location: string, from: URL, source: string, http: HttpManifest): URL => {
  const refused = (reason: string, cause?: unknown) =>
    fabricError("HTTP_REDIRECT_REFUSED", { host: from.hostname, reason }, { cause });
  if (!URL.canParse(location, from.href)) throw refused("its target cannot be read");
  try {
    return checkUrl(new URL(location, from.href).href, source, http);
  } catch (error) {
    if (isFabricError(error, "HTTP_PRIVATE_ADDRESS")) throw error;
    throw refused(isFabricError(error) ? error.code : "its target is not allowed", error);
  }
};

/** To another host goes nothing that the request carried for the first one. */
const redirected = (wire: WireRequest, url: URL): WireRequest => {
  if (url.host === wire.url.host) return { ...wire, url };
  const headers: Record<string, string> = {};
  for (const name of ["accept", "accept-encoding", "user-agent"]) {
    const value = wire.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  return { url, method: "GET", headers, body: null };
};
