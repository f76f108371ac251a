import { fabricError } from "../../../src/core/errors/fabric-error.ts";

/** Lower-case response headers. */
export type ResponseHeaders = Readonly<Record<string, string>>;

/** Wait when a provider refuses without saying how long, in ms. */
const DEFAULT_WAIT_MS = 10_000;
/** Wait when the day's contingent of a provider is used up, in ms. */
const CONTINGENT_WAIT_MS = 15 * 60_000;
/** Longest wait that is believed, in ms. */
const MAX_WAIT_MS = 24 * 3_600_000;

/** Which hosts asked to be left alone, until when. */
export interface RateLimits {
  /** Throws `HTTP_RATE_LIMITED` while the host is to be left alone. */
  refuseIfHeld(host: string): void;
  /** Learns from an answer; throws `HTTP_RATE_LIMITED` when it was a refusal for its rate. */
  learn(host: string, status: number, headers: ResponseHeaders): void;
}

export const createRateLimits = (now: () => number): RateLimits => {
  const heldUntil = new Map<string, number>();
  return {
    refuseIfHeld: (host) => {
      const retryAfterMs = (heldUntil.get(host) ?? 0) - now();
      if (retryAfterMs > 0) throw fabricError("HTTP_RATE_LIMITED", { host, retryAfterMs });
      heldUntil.delete(host);
    },
    learn: (host, status, headers) => {
      const wait = waitOf(status, headers, now());
      if (wait === null) return;
      const retryAfterMs = Math.min(Math.max(wait, 0), MAX_WAIT_MS);
      heldUntil.set(host, now() + retryAfterMs);
      throw fabricError("HTTP_RATE_LIMITED", { host, retryAfterMs });
    },
  };
};

/**
 * ms to wait, null when the answer is no refusal for its rate. Reads `Retry-After` (RFC 9110 section 10.2.3) of 429
 * and 503, HubSpot's `X-HubSpot-RateLimit-*`, and Salesforce's `Sforce-Limit-Info` of a 403.
 */
export const waitOf = (status: number, headers: ResponseHeaders, now: number): number | null => {
  if (status === 403 && isContingentUsed(headers["sforce-limit-info"])) return CONTINGENT_WAIT_MS;
  if (status !== 429 && status !== 503) return null;
  const asked = retryAfter(headers["retry-after"], now);
  if (asked !== null) return asked;
  if (status === 503) return null;
  if (headers["x-hubspot-ratelimit-daily-remaining"] === "0") return CONTINGENT_WAIT_MS;
  const interval = headers["x-hubspot-ratelimit-interval-milliseconds"] ?? "";
  return /^\d{1,9}$/.test(interval) ? Number(interval) : DEFAULT_WAIT_MS;
};

const retryAfter = (value: string | undefined, now: number): number | null => {
  if (value === undefined) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(date - now, 0);
};

/** `api-usage=10018/10000` */
const isContingentUsed = (info: string | undefined): boolean => {
  const match = /api-usage=(\d{1,12})\/(\d{1,12})/.exec(info ?? "");
  return match !== null && Number(match[1]) >= Number(match[2]);
};
