import { describe, expect, it } from "vitest";
import type { HttpManifest } from "../../../src/sdk/manifest.ts";
import { checkUrl } from "./check-url.ts";

const http: HttpManifest = {
  hosts: [
    { host: "api.example.com", port: 443, paths: ["/price/XAU", "/v2/"] },
    { host: "*.my.example.com", port: 443, paths: ["/"] },
    { host: "odd.example.com", port: 8443, paths: ["/"] },
  ],
  timeoutMs: 1_000,
  maxResponseBytes: 1_000,
  maxRequests: 4,
};

const codeOf = (url: string): string => {
  try {
    checkUrl(url, "source", http);
    return "allowed";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("checkUrl", () => {
  it.each([
    "https://api.example.com/price/XAU",
    "https://api.example.com/price/XAU?x=1",
    "https://api.example.com/price/XAU/history",
    "https://API.example.com:443/v2/ticker",
    "https://acme.my.example.com/anything",
    "https://odd.example.com:8443/",
  ])("allows %s", (url) => {
    expect(codeOf(url)).toBe("allowed");
  });

  it.each([
    ["https://api.example.com/price/XAUUSD", "HTTP_HOST_NOT_ALLOWED"],
    ["https://api.example.com/price", "HTTP_HOST_NOT_ALLOWED"],
    ["https://api.example.com/price/XAU/../../admin", "HTTP_HOST_NOT_ALLOWED"],
    ["https://api.example.com:8443/v2/", "HTTP_HOST_NOT_ALLOWED"],
    ["https://odd.example.com/", "HTTP_HOST_NOT_ALLOWED"],
    ["https://api.example.com.evil.example/price/XAU", "HTTP_HOST_NOT_ALLOWED"],
    ["https://my.example.com/", "HTTP_HOST_NOT_ALLOWED"],
    ["https://a.b.my.example.com/", "HTTP_HOST_NOT_ALLOWED"],
    ["https://evilmy.example.com/", "HTTP_HOST_NOT_ALLOWED"],
    ["https://8.8.8.8/price/XAU", "HTTP_HOST_NOT_ALLOWED"],
    ["http://api.example.com/price/XAU", "HTTP_REQUEST_INVALID"],
    ["ftp://api.example.com/price/XAU", "HTTP_REQUEST_INVALID"],
    ["file:///etc/passwd", "HTTP_REQUEST_INVALID"],
    ["https://user:pass@api.example.com/price/XAU", "HTTP_REQUEST_INVALID"],
    ["https://api.example.com/v2/..%2fadmin", "HTTP_REQUEST_INVALID"],
    ["https://api.example.com/v2/%5cadmin", "HTTP_REQUEST_INVALID"],
    ["https://api.example.com/v2/a%00", "HTTP_REQUEST_INVALID"],
    ["https://api.example.com/v2/?key={{secret:KEY}}", "HTTP_REQUEST_INVALID"],
    ["not a url", "HTTP_REQUEST_INVALID"],
    ["https://127.0.0.1/price/XAU", "HTTP_PRIVATE_ADDRESS"],
    ["https://0x7f000001/", "HTTP_PRIVATE_ADDRESS"],
    ["https://2130706433/", "HTTP_PRIVATE_ADDRESS"],
    ["https://[::1]/", "HTTP_PRIVATE_ADDRESS"],
    ["https://[::ffff:a9fe:a9fe]/", "HTTP_PRIVATE_ADDRESS"],
    ["http://169.254.169.254/latest/", "HTTP_PRIVATE_ADDRESS"],
  ])("refuses %s", (url, code) => {
    expect(codeOf(url)).toBe(code);
  });

  it("drops the fragment, which is never sent", () => {
    expect(checkUrl("https://api.example.com/v2/#x", "source", http).href).toBe(
      "https://api.example.com/v2/",
    );
  });
});
