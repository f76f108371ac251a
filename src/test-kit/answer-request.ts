import { checkUrl } from "../../enclave-sim/capabilities/http/check-url.ts";
import { requestHeaders } from "../../enclave-sim/capabilities/http/headers.ts";
import type { HttpExchange } from "../../enclave-sim/capabilities/http/http-capability.ts";
import { requestDigest } from "../../enclave-sim/capabilities/http/request-digest.ts";
import { FabricError, fabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import { digestOf } from "../crypto/hashes.ts";
import type { HttpRequest } from "../sdk/abi.ts";
import { hostPatternCovers } from "../sdk/host-pattern.ts";
import type { Manifest } from "../sdk/manifest.ts";
import type { SourceAnswers } from "./source-answers.ts";

const TEMPLATE = /\{\{secret:([A-Z][A-Z0-9_]{0,63})\}\}/g;

/** Under what rules a request of a test run is answered. */
export interface RequestRules {
  /** Null for a sketch without capabilities, which may ask anyone. */
  readonly granted: Pick<Manifest["capabilities"], "http" | "secrets"> | null;
  /** Names of the secrets that have a value. */
  readonly secrets: readonly string[];
  readonly sources: SourceAnswers;
  /** ms since epoch. */
  readonly at: number;
}

const checkSecrets = (request: HttpRequest, { granted, secrets }: RequestRules): void => {
  const host = URL.canParse(request.url) ? new URL(request.url).hostname : request.id;
  const { auth, headers, body } = request;
  const filled: readonly (readonly [text: string, host: string])[] = [
    [JSON.stringify([headers ?? {}, body ?? ""]), host],
    ...(auth ? [[JSON.stringify(auth), new URL(auth.tokenUrl).hostname] as const] : []),
  ];
  for (const [text, to] of filled)
    for (const [, name = ""] of text.matchAll(TEMPLATE)) {
      const entry = granted?.secrets.find((secret) => secret.name === name);
      if (!secrets.includes(name) || (granted && !entry))
        throw fabricError("HTTP_SECRET_UNKNOWN", { name });
      if (entry && !entry.hosts.some((pattern) => hostPatternCovers(pattern, to)))
        throw fabricError("HTTP_SECRET_NOT_BOUND", { name, host: to });
    }
};

/**
 * Answers one request as the enclave's http capability would, from what was recorded. What was not recorded is
 * `HTTP_UNREACHABLE`. `repeated` says that another request of the same call has its name.
 */
export const answerRequest = (
  request: HttpRequest,
  reference: number,
  repeated: boolean,
  rules: RequestRules,
): HttpExchange => {
  const { granted, sources, at } = rules;
  const { id } = request;
  const seen = {
    status: null as number | null,
    body: null as string | null,
    time: null as number | null,
  };
  let mode: "LIVE" | "EMULATED" = "EMULATED";
  const provenance = (): HttpExchange["provenance"] => ({
    reference,
    id,
    mode,
    requestDigest: requestDigest(request),
    tls: null,
    status: seen.status,
    responseDigest: seen.body === null ? null : digestOf(new TextEncoder().encode(seen.body)),
    receivedAt: seen.time,
  });
  try {
    const http = granted?.http;
    if (http && reference > http.maxRequests)
      throw fabricError("HTTP_TOO_MANY_REQUESTS", { limit: http.maxRequests });
    if (repeated)
      throw fabricError("HTTP_REQUEST_INVALID", { source: id, reason: "its id is used twice" });
    if (http) checkUrl(request.url, id, http);
    requestHeaders(request, (template) => template);
    checkSecrets(request, rules);
    const found = sources.http(request);
    if (!found)
      throw fabricError("HTTP_UNREACHABLE", {
        host: id,
        reason: `no recorded answer to ${request.method} ${request.url.slice(0, 200)}`,
      });
    if ("error" in found) throw new FabricError(found.error, found.arguments ?? {});
    const { status = 200, headers = {}, receivedAt = at, body } = found;
    mode = found.mode ?? "EMULATED";
    if (http && Buffer.byteLength(body) > http.maxResponseBytes)
      throw fabricError("HTTP_TOO_LARGE", {
        host: id,
        limit: http.maxResponseBytes,
      });
    Object.assign(seen, { status, body, time: receivedAt });
    return {
      answer: { ok: true, id, reference, mode, status, headers, body, receivedAt },
      provenance: provenance(),
    };
  } catch (error) {
    return { answer: { ok: false, id, error: toWire(error) }, provenance: provenance() };
  }
};
