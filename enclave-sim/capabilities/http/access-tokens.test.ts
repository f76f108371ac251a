import { afterEach, describe, expect, it } from "vitest";
import { ask, askOne, closeOpened, codeOf, echo, start } from "../../../test/support/http-probe.ts";

afterEach(closeOpened);

describe("access tokens", () => {
  const auth = {
    kind: "oauth2-client-credentials",
    tokenUrl: "https://token.example.com/token",
    clientId: "my client",
    clientSecret: "{{secret:CLIENT}}",
    scope: "a b",
  } as const;

  it("are asked for in the form of RFC 6749 and sent as RFC 6750 says", async () => {
    let form = "";
    let bearer = "";
    const { capability } = await start((request, response) => {
      if (request.url !== "/token") {
        bearer = request.headers.authorization ?? "";
        response.end("{}");
        return;
      }
      request.on("data", (chunk: Buffer) => {
        form += chunk.toString();
      });
      request.on("end", () => response.end('{"access_token":"t0ken-abc","token_type":"bearer"}'));
    });
    const exchange = await askOne(capability, { url: "https://one.example.com/", auth });
    expect(codeOf(exchange)).toBe("ok");
    expect(form).toBe(
      "grant_type=client_credentials&client_id=my+client&client_secret=client-secret-value&scope=a+b",
    );
    expect(bearer).toBe("Bearer t0ken-abc");
  });

  it.each([
    ['{"access_token":"t0ken-abc","token_type":"mac"}', "an unknown type"],
    ['{"access_token":"a","token_type":"bearer"}', "a token that anybody guesses"],
    ['{"access_token":"a b\\r\\nx: 1","token_type":"bearer"}', "a token that breaks the header"],
    [
      '{"access_token":"t0ken-abc","access_token":"t0ken-abc","token_type":"bearer"}',
      "a repeated key",
    ],
    ["<html>", "no JSON"],
  ])("are refused in the answer %s: %s", async (body) => {
    const { capability } = await start((_, response) => response.end(body));
    expect(codeOf(await askOne(capability, { url: "https://one.example.com/", auth }))).toBe(
      "HTTP_TOKEN_REFUSED",
    );
  });

  it("are only fetched from hosts that the manifest allows", async () => {
    const { server, capability } = await start(echo);
    const exchange = await askOne(capability, {
      url: "https://one.example.com/",
      auth: { ...auth, tokenUrl: "https://evil.example.com/token" },
    });
    expect(codeOf(exchange)).toBe("HTTP_HOST_NOT_ALLOWED");
    expect(server.seen).toEqual([]);
  });

  it("cost their own source only, whatever words a hostile endpoint chooses for them", async () => {
    const { capability } = await start((request, response) => {
      response.end(
        request.url === "/token"
          ? '{"access_token":"properties","token_type":"bearer"}'
          : '{"properties":{}}',
      );
    });
    const [first, second] = await ask(capability, [
      { url: "https://one.example.com/a", auth },
      { url: "https://two.example.com/open" },
    ]);
    if (!first || !second) throw new Error("no exchanges");
    expect([codeOf(first), codeOf(second)]).toEqual(["HTTP_SECRET_ECHOED", "ok"]);
    const later = await askOne(capability, { url: "https://two.example.com/open" });
    expect(codeOf(later)).toBe("ok");
  });

  it("are fetched once for requests that need them at the same time", async () => {
    const { server, capability } = await start((request, response) => {
      response.end(
        request.url === "/token" ? '{"access_token":"t0ken-abc","token_type":"bearer"}' : "{}",
      );
    });
    const urls = [1, 2, 3].map((n) => ({ url: `https://one.example.com/${n}`, auth }));
    expect((await ask(capability, urls)).map(codeOf)).toEqual(["ok", "ok", "ok"]);
    expect(server.seen.filter((line) => line.endsWith("/token"))).toHaveLength(1);
  });
});
