import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { HttpRequest } from "../../../src/sdk/abi.ts";
import { requestDigest } from "./request-digest.ts";

const request: HttpRequest = {
  id: "kraken",
  method: "GET",
  url: "https://api.kraken.com/0/public/Ticker?pair=PAXGUSD",
  headers: { "X-B": "2", accept: "{{secret:TOKEN}}" },
};

describe("requestDigest", () => {
  it("is SHA-256 over canonical JSON that anybody can write down", () => {
    const text =
      '{"auth":null,"body":null,"headers":{"accept":"{{secret:TOKEN}}","x-b":"2"},"method":"GET","url":"https://api.kraken.com/0/public/Ticker?pair=PAXGUSD"}';
    expect(requestDigest(request)).toBe(
      `sha256:${createHash("sha256").update(text).digest("hex")}`,
    );
  });

  it("does not depend on the order or case of headers, on the source's name or on its time-out", () => {
    const other: HttpRequest = {
      ...request,
      id: "other",
      timeoutMs: 5,
      headers: { Accept: "{{secret:TOKEN}}", "x-b": "2" },
    };
    expect(requestDigest(other)).toBe(requestDigest(request));
  });

  it("depends on everything that is sent", () => {
    const auth = {
      kind: "oauth2-client-credentials",
      tokenUrl: "https://x.example.com/token",
      clientId: "{{secret:ID}}",
      clientSecret: "{{secret:KEY}}",
    } as const;
    const variants: readonly HttpRequest[] = [
      request,
      { ...request, method: "POST" },
      { ...request, body: "" },
      { ...request, url: `${request.url}&x=1` },
      { ...request, headers: {} },
      { ...request, auth },
      { ...request, auth: { ...auth, scope: "api" } },
    ];
    expect(new Set(variants.map(requestDigest)).size).toBe(variants.length);
  });
});
