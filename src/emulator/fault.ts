import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";

/** Ways in which an emulated provider can misbehave. */
export const FAULTS = [
  "status-500",
  "html",
  "empty",
  "truncated-json",
  "not-utf8",
  "duplicate-key",
  "wrong-type",
  "nan",
  "negative",
  "zero",
  "crossed",
  "stale",
  "outlier",
  "hang",
  "slow",
  "never-ending",
  "too-large",
  "gzip-bomb",
  "huge-header",
  "cut-off",
  "rate-limit",
  "redirect-private",
  "redirect-elsewhere",
  "redirect-loop",
  "redirect-http",
  "wrong-certificate",
  "unknown-authority",
] as const;
export type FaultKind = (typeof FAULTS)[number];

/** Sends headers and body as JSON. */
export const sendJson = (
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void => {
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
};

/** Size of `too-large` in bytes, and of one `gzip-bomb` after decompression. */
const HUGE_BYTES = 50 * 1_048_576;
/** Wait between two pieces of `never-ending`, and before the answer of `slow`, in ms. */
const DRIP_MS = 20;
const SLOW_MS = 30_000;

/**
 * Misbehaves in place of `body`; false when the fault is not one of the transport (it then changed the body already,
 * or shows in the handshake).
 */
export const sendFault = (
  response: ServerResponse,
  fault: FaultKind,
  request: { readonly url: string; readonly body: string },
): boolean => {
  const redirect = (location: string) => {
    response.writeHead(302, { location });
    response.end();
  };
  switch (fault) {
    case "status-500":
      sendJson(response, 500, '{"message":"Internal Server Error"}');
      return true;
    case "html":
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<!doctype html><title>Just a moment</title>");
      return true;
    case "empty":
      sendJson(response, 200, "");
      return true;
    case "truncated-json":
      sendJson(response, 200, request.body.slice(0, -2));
      return true;
    case "not-utf8":
      response.writeHead(200, { "content-type": "application/json" });
      response.end(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]));
      return true;
    case "duplicate-key":
      sendJson(response, 200, withRepeatedKey(request.body));
      return true;
    case "hang":
      return true;
    case "slow":
      later(response, SLOW_MS, () => sendJson(response, 200, request.body));
      return true;
    case "never-ending":
      response.writeHead(200, { "content-type": "application/json" });
      drip(response);
      return true;
    case "too-large":
      pour(response);
      return true;
    case "gzip-bomb":
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
      response.end(gzipSync(Buffer.alloc(HUGE_BYTES, 0x20)));
      return true;
    case "huge-header":
      response.writeHead(200, { "x-padding": "x".repeat(60_000) });
      response.end(request.body);
      return true;
    case "cut-off":
      response.writeHead(200, { "content-length": Buffer.byteLength(request.body) + 100 });
      response.write(request.body, () => response.destroy());
      return true;
    case "rate-limit":
      sendJson(response, 429, '{"message":"Too Many Requests"}', { "retry-after": "60" });
      return true;
    case "redirect-private":
      redirect("https://169.254.169.254/latest/meta-data/");
      return true;
    case "redirect-elsewhere":
      redirect("https://elsewhere.example/");
      return true;
    case "redirect-loop":
      redirect(request.url);
      return true;
    case "redirect-http":
      redirect(request.url.replace(/^https:/, "http:"));
      return true;
    default:
      return false;
  }
};

/** The first object gets a key twice, with equal values; a list without objects gets such an object. */
const withRepeatedKey = (body: string): string => {
  const twice = '"again":1,"again":1';
  return body.includes("{") ? body.replace("{", `{${twice},`) : `[{${twice}}]`;
};

const later = (response: ServerResponse, milliseconds: number, act: () => void): void => {
  const timer = setTimeout(act, milliseconds);
  timer.unref();
  response.once("close", () => clearTimeout(timer));
};

const drip = (response: ServerResponse): void => {
  const timer = setInterval(() => response.write(" "), DRIP_MS);
  timer.unref();
  response.once("close", () => clearInterval(timer));
};

/** As fast as the reader takes it, without a length. */
const pour = (response: ServerResponse): void => {
  response.writeHead(200, { "content-type": "application/json" });
  const piece = Buffer.alloc(65_536, 0x20);
  let left = HUGE_BYTES;
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= piece.length;
      if (!response.write(piece)) {
        response.once("drain", more);
        return;
      }
    }
    response.end();
  };
  more();
};
