import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import type { HttpRequest } from "../../../src/sdk/abi.ts";
import type { ResponseHeaders } from "./rate-limits.ts";

/** Token of RFC 9110 section 5.6.2. */
const NAME = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,128}$/;
/** Visible ASCII, blanks inside: no line breaks that would begin another header. */
const VALUE = /^[\x20-\x7e]{0,8192}$/;
const MAX_HEADERS = 32;
/** What steers the connection or the body's framing belongs to the enclave. */
const RESERVED =
  /^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|keep-alive|accept-encoding|cookie|proxy-.*|sec-.*)$/i;

/** Headers of a request with its secrets filled in by `fill`. Throws `HTTP_REQUEST_INVALID`. */
export const requestHeaders = (
  request: HttpRequest,
  fill: (template: string) => string,
): Record<string, string> => {
  const invalid = (reason: string) =>
    fabricError("HTTP_REQUEST_INVALID", { source: request.id, reason });
  const headers: Record<string, string> = {
    accept: "application/json",
    "accept-encoding": "gzip",
    "user-agent": "cryptlet-fabric",
  };
  const given = Object.entries(request.headers ?? {});
  if (given.length > MAX_HEADERS) throw invalid("too many headers");
  for (const [name, template] of given) {
    if (!NAME.test(name) || RESERVED.test(name)) throw invalid(`the header ${name.slice(0, 64)}`);
    const value = fill(template);
    if (!VALUE.test(value)) throw invalid(`the value of the header ${name}`);
    headers[name.toLowerCase()] = value;
  }
  return headers;
};

const CROSSING =
  /^(?:content-type|date|retry-after|sforce-limit-info|x-(?:\w+-)?ratelimit-[\w-]+)$/;
const MAX_CROSSING_LENGTH = 512;

/** Every response header once, as text; of a repeated one the first counts. */
export const flatHeaders = (
  headers: Readonly<Record<string, string | string[] | undefined>>,
): ResponseHeaders => {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) flat[name.toLowerCase()] = first;
  }
  return flat;
};

/** The headers that the guest may see, in the order of their names. */
export const crossingHeaders = (headers: ResponseHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name, value]) => CROSSING.test(name) && value.length <= MAX_CROSSING_LENGTH)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
