import { afterEach, describe, expect, test } from "vitest";
import { createRunCapabilities } from "../../enclave-sim/host/run-capabilities.ts";
import { createCallDesk } from "../../enclave-sim/host/call-desk.ts";
import { openJournal } from "../../enclave-sim/host/journal.ts";
import { createGuestLogger } from "../../enclave-sim/capabilities/log/guest-log.ts";
import { systemClock } from "../../src/core/clock.ts";
import { createRunId, cryptletIdSchema, digestSchema } from "../../src/core/ids.ts";
import type { HttpCapability } from "../../enclave-sim/capabilities/http/http-capability.ts";
import { ask, askOne, capabilities, closeOpened, codeOf, start } from "../support/http-probe.ts";
import { trigger } from "../support/guest-fixture.ts";
import type { Handler } from "../support/tls-server.ts";

// A secret goes to the hosts that the manifest binds it to, and nowhere else: not to the guest, not into what is
// recorded, not into an error.

afterEach(closeOpened);

const KEY = "k3y-of-one-host";
const SECRET_HEADER = { authorization: "Bearer {{secret:KEY}}" };
const one = { url: "https://one.example.com/", headers: SECRET_HEADER };

describe("an answer that repeats the secret does not cross", () => {
  const echoes: readonly (readonly [string, Handler])[] = [
    ["in the body", (_, response) => response.end(`{"you":"${KEY}"}`)],
    [
      "as the header that carried it",
      (request, response) => response.end(JSON.stringify(request.headers)),
    ],
    ["in base64", (_, response) => response.end(Buffer.from(`user:${KEY}`).toString("base64"))],
    ["in hex", (_, response) => response.end(Buffer.from(KEY).toString("hex"))],
    ["escaped for a URL", (_, response) => response.end(`?k=${encodeURIComponent(KEY)}`)],
    [
      "in a header that the guest may see",
      (_, response) => response.writeHead(200, { "content-type": `text/${KEY}` }).end("{}"),
    ],
    [
      "in another header that the guest may see",
      (_, response) => response.writeHead(200, { "x-ratelimit-key": KEY }).end("{}"),
    ],
    [
      "in the name of an encoding, which an error would repeat",
      (_, response) => response.writeHead(200, { "content-encoding": KEY }).end("{}"),
    ],
    ["with an error status", (_, response) => response.writeHead(401).end(`bad key ${KEY}`)],
    ["compressed away from view", (_, response) => response.end(`\n\n\n${KEY}\n`)],
  ];
  test.each(echoes)("%s", async (_name, handler) => {
    const { capability } = await start(handler);
    const exchange = await askOne(capability, one);
    expect(codeOf(exchange)).toBe("HTTP_SECRET_ECHOED");
    expect(JSON.stringify(exchange)).not.toMatch(/k3y-of|azN5LW9m|6b33792d/);
  });

  test("also when the request did not carry it, or a redirect on the same host led there", async () => {
    const { capability } = await start((request, response) => {
      if (request.url === "/start") response.writeHead(302, { location: "/end" }).end();
      else response.end(KEY);
    });
    expect(codeOf(await askOne(capability, { url: "https://one.example.com/plain" }))).toBe(
      "HTTP_SECRET_ECHOED",
    );
    expect(codeOf(await askOne(capability, { ...one, url: "https://one.example.com/start" }))).toBe(
      "HTTP_SECRET_ECHOED",
    );
  });
});

describe("a redirect", () => {
  test("to another host carries no secret there, whatever the header was called", async () => {
    const received: Record<string, unknown>[] = [];
    const { capability } = await start((request, response) => {
      if (request.headers.host === "one.example.com")
        response.writeHead(307, { location: "https://two.example.com/open" }).end();
      else {
        received.push(request.headers);
        response.end("{}");
      }
    });
    const headers = { ...SECRET_HEADER, "x-api-key": "{{secret:KEY}}", "x-plain": "1" };
    expect(codeOf(await askOne(capability, { ...one, headers }))).toBe("ok");
    expect(received).toHaveLength(1);
    expect(JSON.stringify(received)).not.toContain(KEY);
    expect(Object.keys(received[0] ?? {})).not.toContain("x-plain");
  });

  test.each([
    ["a host that the manifest does not allow", "https://evil.example.com/"],
    ["a path that it does not allow", "https://two.example.com/closed"],
    ["another port", "https://one.example.com:8443/"],
    ["plain http", "http://one.example.com/"],
    ["an address", "https://127.0.0.1/"],
    ["the metadata service", "https://169.254.169.254/latest/meta-data"],
    ["the metadata service in IPv6 clothes", "https://[::ffff:169.254.169.254]/"],
    ["the metadata service through NAT64", "https://[64:ff9b::a9fe:a9fe]/"],
    ["an address as one number", "https://2130706433/"],
    ["an address in octal", "https://0177.0.0.1/"],
    ["credentials", "https://user:pass@one.example.com/"],
    ["an escaped path", "https://two.example.com/open%2f..%2fclosed"],
    ["a file", "file:///etc/passwd"],
    ["a data URL", "data:text/plain,1"],
  ])("to %s is refused", async (_name, location) => {
    const { capability, server } = await start((_, response) => {
      response.writeHead(302, { location }).end();
    });
    const code = codeOf(await askOne(capability, one));
    expect(["HTTP_REDIRECT_REFUSED", "HTTP_PRIVATE_ADDRESS"]).toContain(code);
    expect(server.seen).toHaveLength(1);
  });

  test("does not send a body again, and not for ever", async () => {
    const { capability, server } = await start((_, response) => {
      response.writeHead(308, { location: "/" }).end();
    });
    const posted = await askOne(capability, { ...one, method: "POST", body: "{{secret:KEY}}" });
    expect(codeOf(posted)).toBe("HTTP_REDIRECT_REFUSED");
    expect(server.seen).toHaveLength(1);
    expect(codeOf(await askOne(capability, one))).toBe("HTTP_REDIRECT_REFUSED");
    expect(server.seen.length).toBeLessThanOrEqual(6);
  });
});

test("a secret of one host is not sent to another, by any template", async () => {
  const { capability, server } = await start((_, response) => response.end("{}"));
  const url = "https://two.example.com/open";
  const tries = [
    { url, headers: SECRET_HEADER },
    { url, method: "POST" as const, body: "{{secret:KEY}}" },
    { url: "https://one.example.com/", headers: { a: "{{secret:CLIENT}}" } },
  ];
  for (const request of tries)
    expect(codeOf(await askOne(capability, request))).toBe("HTTP_SECRET_NOT_BOUND");
  const guesses = ["{{secret:NOBODY}}", "{{secret:__PROTO__}}".toUpperCase()];
  for (const guess of guesses)
    expect(["HTTP_SECRET_UNKNOWN", "ok"]).toContain(
      codeOf(await askOne(capability, { url: "https://one.example.com/", headers: { a: guess } })),
    );
  expect(server.seen.filter((line) => line.startsWith("two.") && line.includes("POST"))).toEqual(
    [],
  );
});

test("neither a URL nor a header's name takes a secret", async () => {
  const { capability, server } = await start((_, response) => response.end("{}"));
  const inUrl = await askOne(capability, { url: "https://one.example.com/?k={{secret:KEY}}" });
  const inName = await askOne(capability, {
    url: "https://one.example.com/",
    headers: { "{{secret:KEY}}": "1" },
  });
  expect([inUrl, inName].map(codeOf)).toEqual(["HTTP_REQUEST_INVALID", "HTTP_REQUEST_INVALID"]);
  expect(server.seen).toEqual([]);
});

test("a header that a secret would break in two is not sent", async () => {
  const { capability } = await start((_, response) => response.end("{}"));
  const exchange = await askOne(capability, {
    url: "https://one.example.com/",
    headers: { a: "{{secret:KEY}}\r\nx-forged: 1" },
  });
  expect(codeOf(exchange)).toBe("HTTP_REQUEST_INVALID");
  expect(JSON.stringify(exchange)).not.toContain(KEY);
});

const journaled = async (http: HttpCapability, requests: readonly object[]) => {
  const lines: string[] = [];
  const journal = openJournal({
    runId: createRunId(),
    cryptlet: {
      id: cryptletIdSchema.parse("probe"),
      version: "1.0.0",
      measurement: digestSchema.parse(`sha256:${"ab".repeat(32)}`),
    },
    trigger: { ...trigger(), parameters: null },
    seed: "0".repeat(64),
  });
  const logger = createGuestLogger(1_000, { KEY }, ({ message }) => lines.push(message));
  const desk = createCallDesk({
    capabilities: createRunCapabilities(
      capabilities,
      {
        clock: systemClock,
        mode: "EMULATED",
        http,
        configuration: null,
        state: null,
        chains: null,
        cryptlets: null,
      },
      { logger, path: ["probe"], trigger: { id: "t", at: 1 } },
    ).table,
    limits: { maxHostCalls: 10 },
    clock: systemClock,
    journal,
  });
  const { signal } = new AbortController();
  const answers = [
    await desk.answer(JSON.stringify({ op: "http.all", requests }), signal),
    await desk.answer(
      JSON.stringify({ op: "log", level: "info", message: `it is ${KEY}` }),
      signal,
    ),
  ];
  const transcript = journal.close({ error: { code: "CRYPTLET_FAILED", arguments: {} } }, 0);
  return { answers, lines, transcript };
};

test("the transcript says which secrets were used, and holds none of them", async () => {
  const { capability } = await start((_, response) => response.end("{}"));
  const requests = [
    { id: "keyed", method: "GET", ...one },
    { id: "plain", method: "GET", url: "https://two.example.com/open" },
  ];
  const { answers, lines, transcript } = await journaled(capability, requests);
  const [entry] = transcript.entries;
  const [keyed, plain] = entry?.provenance ?? [];
  expect(keyed?.secrets).toEqual([
    { name: "KEY", digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string },
  ]);
  expect(plain).not.toHaveProperty("secrets");
  expect(JSON.stringify([answers, lines])).not.toContain(KEY);
  expect(lines).toEqual(["it is [secret:KEY]"]);
  // The guest's own words in its log call are recorded as it said them: it cannot know a secret.
  expect(JSON.stringify(transcript.entries[0])).not.toContain(KEY);
  const again = await journaled(capability, requests);
  expect(again.transcript.entries[0]?.provenance[0]?.secrets).toEqual(keyed?.secrets);
});

test("a token that was kept is still counted as a use of its secrets", async () => {
  const { capability } = await start((request, response) => {
    response.end(
      request.url === "/token" ? '{"access_token":"t0ken-abcdef","token_type":"bearer"}' : "{}",
    );
  });
  const request = {
    url: "https://one.example.com/",
    auth: {
      kind: "oauth2-client-credentials",
      tokenUrl: "https://token.example.com/token",
      clientId: "id",
      clientSecret: "{{secret:CLIENT}}",
    },
  } as const;
  for (let n = 0; n < 2; n += 1) {
    const [exchange] = await ask(capability, [request]);
    expect(exchange?.provenance.secrets?.map(({ name }) => name)).toEqual(["CLIENT"]);
  }
});
