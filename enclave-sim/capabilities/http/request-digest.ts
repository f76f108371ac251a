import { createHash } from "node:crypto";
import type { Digest } from "../../../src/core/ids.ts";
import type { HttpRequest } from "../../../src/sdk/abi.ts";

/**
 * SHA-256 over the request as the Cryptlet wrote it, in canonical JSON (RFC 8785): secret names, never values. What
 * decides the time-out and the source's name is left out, so that equal requests have equal digests.
 */
export const requestDigest = (request: HttpRequest): Digest => {
  const { auth } = request;
  const headers = Object.entries(request.headers ?? {})
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  // Members in code unit order and text only: JSON.stringify then writes the canonical form.
  const canonical = JSON.stringify({
    auth: auth
      ? {
          clientId: auth.clientId,
          clientSecret: auth.clientSecret,
          kind: auth.kind,
          scope: auth.scope ?? null,
          tokenUrl: auth.tokenUrl,
        }
      : null,
    body: request.body ?? null,
    headers: Object.fromEntries(headers),
    method: request.method,
    url: request.url,
  });
  return `sha256:${createHash("sha256").update(canonical).digest("hex")}` as Digest;
};
