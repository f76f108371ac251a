import { isIP } from "node:net";
import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import { hostPatternCovers } from "../../../src/sdk/host-pattern.ts";
import type { HttpManifest } from "../../../src/sdk/manifest.ts";
import { isPublicAddress } from "./public-address.ts";

/**
 * The URL of a request or of a redirect, when the manifest allows it.
 * Throws `HTTP_REQUEST_INVALID`, `HTTP_PRIVATE_ADDRESS`, `HTTP_HOST_NOT_ALLOWED`.
 */
export const checkUrl = (text: string, source: string, http: HttpManifest): URL => {
  const invalid = (reason: string) => fabricError("HTTP_REQUEST_INVALID", { source, reason });
  if (!URL.canParse(text)) throw invalid("the URL cannot be read");
  const url = new URL(text);
  const literal = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(literal) !== 0 && !isPublicAddress(literal))
    throw fabricError("HTTP_PRIVATE_ADDRESS", { host: url.hostname, address: literal });
  if (url.protocol !== "https:") throw invalid("only https is spoken");
  if (url.username !== "" || url.password !== "") throw invalid("credentials in the URL");
  // A server may decode these before it looks at the path, and so leave the allowed prefix.
  if (/%2f|%5c|%2e|%00/i.test(url.pathname)) throw invalid("an escaped separator in the path");
  if (text.includes("{{secret:")) throw invalid("a secret in the URL");
  const port = url.port === "" ? 443 : Number(url.port);
  const allowed = http.hosts.some(
    (entry) =>
      entry.port === port &&
      hostPatternCovers(entry.host, url.hostname) &&
      entry.paths.some((prefix) => pathWithin(url.pathname, prefix)),
  );
  if (!allowed)
    throw fabricError("HTTP_HOST_NOT_ALLOWED", {
      host: url.host.slice(0, 255),
      path: url.pathname.slice(0, 255),
    });
  url.hash = "";
  return url;
};

const pathWithin = (path: string, prefix: string): boolean =>
  path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
