import { afterEach, describe, expect, it } from "vitest";
import { askOne, closeOpened, codeOf, echo, start } from "../../../test/support/http-probe.ts";
import type { Handler } from "../../../test/support/tls-server.ts";

afterEach(closeOpened);

const redirecting =
  (targets: Readonly<Record<string, string>>): Handler =>
  (request, response) => {
    const target = targets[`${request.headers.host}${request.url}`];
    if (target === undefined) {
      echo(request, response);
      return;
    }
    response.writeHead(302, { location: target });
    response.end();
  };

describe("redirects", () => {
  it("are followed inside the allow-list, relative ones too", async () => {
    const { server, capability } = await start(
      redirecting({
        "one.example.com/a": "/b",
        "one.example.com/b": "https://two.example.com/open/c",
      }),
    );
    expect(codeOf(await askOne(capability, { url: "https://one.example.com/a" }))).toBe("ok");
    expect(server.seen).toEqual([
      "one.example.com GET /a",
      "one.example.com GET /b",
      "two.example.com GET /open/c",
    ]);
  });

  it("carry no secret and no header of the Cryptlet to another host", async () => {
    const { capability } = await start(
      redirecting({ "one.example.com/a": "https://two.example.com/open/echo" }),
    );
    const { answer } = await askOne(capability, {
      url: "https://one.example.com/a",
      headers: { authorization: "Bearer {{secret:KEY}}", "x-own": "1" },
    });
    const { headers } = JSON.parse(answer.ok ? answer.body : "{}") as { headers: object };
    expect(Object.keys(headers).toSorted()).toEqual([
      "accept",
      "accept-encoding",
      "connection",
      "host",
      "user-agent",
    ]);
  });

  it.each([
    ["https://two.example.com/closed", "HTTP_REDIRECT_REFUSED"],
    ["https://elsewhere.example/", "HTTP_REDIRECT_REFUSED"],
    ["http://one.example.com/b", "HTTP_REDIRECT_REFUSED"],
    ["https://user:pass@one.example.com/b", "HTTP_REDIRECT_REFUSED"],
    ["https://[::1]/", "HTTP_PRIVATE_ADDRESS"],
    ["http://10.0.0.1/", "HTTP_PRIVATE_ADDRESS"],
    ["//127.0.0.1/", "HTTP_PRIVATE_ADDRESS"],
    ["https://[bad", "HTTP_REDIRECT_REFUSED"],
  ])("to %s end with %s", async (target, code) => {
    const { server, capability } = await start(redirecting({ "one.example.com/a": target }));
    expect(codeOf(await askOne(capability, { url: "https://one.example.com/a" }))).toBe(code);
    expect(server.seen).toHaveLength(1);
  });

  it("end after three, and never repeat a POST", async () => {
    const { server, capability } = await start(redirecting({ "one.example.com/a": "/a" }));
    expect(codeOf(await askOne(capability, { url: "https://one.example.com/a" }))).toBe(
      "HTTP_REDIRECT_REFUSED",
    );
    expect(server.seen).toHaveLength(4);
    const posted = await askOne(capability, {
      url: "https://one.example.com/a",
      method: "POST",
      body: "x",
    });
    expect(codeOf(posted)).toBe("HTTP_REDIRECT_REFUSED");
    expect(server.seen).toHaveLength(5);
  });
});

describe("secrets", () => {
  it("reach the host that they are bound to, in headers and body", async () => {
    let authorization = "";
    let body = "";
    const { capability } = await start((request, response) => {
      authorization = request.headers.authorization ?? "";
      request.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on("end", () => response.end("{}"));
    });
    const exchange = await askOne(capability, {
      url: "https://one.example.com/",
      method: "POST",
      headers: { authorization: "Bearer {{secret:KEY}}" },
      body: '{"key":"{{secret:KEY}}"}',
    });
    expect([authorization, body]).toEqual(["Bearer k3y-of-one-host", '{"key":"k3y-of-one-host"}']);
    expect(JSON.stringify(exchange)).not.toContain("k3y-of-one-host");
  });

  it("reach no other host, and nothing is sent then", async () => {
    const { server, capability } = await start(echo);
    const exchange = await askOne(capability, {
      url: "https://two.example.com/open",
      headers: { authorization: "{{secret:KEY}}" },
    });
    expect(codeOf(exchange)).toBe("HTTP_SECRET_NOT_BOUND");
    expect(server.seen).toEqual([]);
  });

  it("do not come back to the Cryptlet in an answer that repeats them", async () => {
    const { capability } = await start(echo);
    const exchange = await askOne(capability, {
      url: "https://one.example.com/",
      headers: { authorization: "Bearer {{secret:KEY}}" },
    });
    expect(codeOf(exchange)).toBe("HTTP_SECRET_ECHOED");
    expect(JSON.stringify(exchange)).not.toContain("k3y-of-one-host");
  });

  it("do not come back through a message of an error", async () => {
    const { capability } = await start((_, response) => {
      response.writeHead(400);
      response.end('{"error":"client-secret-value"}');
    });
    const exchange = await askOne(capability, {
      url: "https://one.example.com/",
      auth: {
        kind: "oauth2-client-credentials",
        tokenUrl: "https://token.example.com/token",
        clientId: "id",
        clientSecret: "{{secret:CLIENT}}",
      },
    });
    expect(codeOf(exchange)).toBe("HTTP_TOKEN_REFUSED");
    expect(JSON.stringify(exchange)).not.toContain("client-secret-value");
  });
});
