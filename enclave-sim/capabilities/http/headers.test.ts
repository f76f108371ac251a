import { describe, expect, it } from "vitest";
import { crossingHeaders, flatHeaders, requestHeaders } from "./headers.ts";

const build = (headers: Readonly<Record<string, string>>) =>
  requestHeaders({ id: "a", method: "GET", url: "https://a.example.com/", headers }, (text) =>
    text.replace("{{secret:X}}", "value\r\nx-evil: 1"),
  );

describe("requestHeaders", () => {
  it("lets a Cryptlet set what does not steer the connection", () => {
    expect(build({ Accept: "application/xml", "OData-Version": "4.0" })).toEqual({
      accept: "application/xml",
      "accept-encoding": "gzip",
      "odata-version": "4.0",
      "user-agent": "cryptlet-fabric",
    });
  });

  it.each([
    "Host",
    "connection",
    "Transfer-Encoding",
    "content-length",
    "cookie",
    "Proxy-Authorization",
    "expect",
    "accept-encoding",
    "bad name",
    "x:y",
    "",
  ])("refuses the header %s", (name) => {
    expect(() => build({ [name]: "1" })).toThrow(
      expect.objectContaining({ code: "HTTP_REQUEST_INVALID" }),
    );
  });

  it("refuses line breaks and other controls, also from a secret", () => {
    for (const value of ["a\r\nx: 1", "a\nb", "a\u0000", "é", "{{secret:X}}"])
      expect(() => build({ "x-a": value })).toThrow(
        expect.objectContaining({ code: "HTTP_REQUEST_INVALID" }),
      );
  });

  it("refuses more headers than anybody needs", () => {
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`x-${at}`, "1"]));
    expect(() => build(many)).toThrow(expect.objectContaining({ code: "HTTP_REQUEST_INVALID" }));
  });
});

describe("response headers", () => {
  it("cross the wall only when they are named, in order, once", () => {
    const flat = flatHeaders({
      "set-cookie": ["session=1", "b=2"],
      "X-RateLimit-Remaining": "9",
      "x-hubspot-ratelimit-max": ["110", "1"],
      date: "Tue",
      server: "nginx",
      "content-type": "application/json",
      "retry-after": "x".repeat(513),
    });
    expect(crossingHeaders(flat)).toEqual({
      "content-type": "application/json",
      date: "Tue",
      "x-hubspot-ratelimit-max": "110",
      "x-ratelimit-remaining": "9",
    });
    expect(Object.keys(crossingHeaders(flat))).toEqual([
      "content-type",
      "date",
      "x-hubspot-ratelimit-max",
      "x-ratelimit-remaining",
    ]);
  });
});
