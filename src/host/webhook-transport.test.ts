import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { startTlsServer, type Handler } from "../../test/support/tls-server.ts";
import { createWebhookTransport, type WebhookTransport } from "./webhook-transport.ts";

const open = (
  settings: Partial<Parameters<typeof createWebhookTransport>[0]> = {},
): WebhookTransport => {
  const transport = createWebhookTransport({
    allowPrivateAddresses: false,
    caPem: null,
    ...settings,
  });
  onTestFinished(() => transport.close());
  return transport;
};
const serve = async (handler: Handler) => {
  const server = await startTlsServer(handler);
  onTestFinished(() => server.close());
  return server;
};
const body = new TextEncoder().encode("{}");
const call = (url: string) => ({ url, headers: { "content-type": "application/json" }, body });
const quiet = () => ({ signal: new AbortController().signal });

/** Every way to write an address of this machine or its network. */
const PRIVATE = [
  "https://127.0.0.1/",
  "https://2130706433/",
  "https://0x7f.1/",
  "https://0177.0.0.1/",
  "https://127.1/",
  "https://0/",
  "https://[::1]/",
  "https://[::ffff:127.0.0.1]/",
  "https://[::ffff:7f00:1]/",
  "https://[fd00::1]/",
  "https://[fe80::1]/",
  "https://10.0.0.1/",
  "https://192.168.1.1/",
  "https://172.16.0.1/",
  "https://169.254.169.254/latest/meta-data/",
  "https://100.64.0.1/",
  "https://localhost/",
];

describe("where a call may go", () => {
  it.each(PRIVATE)("never to %s", async (url) => {
    const transport = open();
    const seen = await transport.check(url, {}).then(
      () => "passed",
      (error: { code: string }) => error.code,
    );
    // A resolver that knows no localhost is no less safe.
    expect(["HTTP_PRIVATE_ADDRESS", "HTTP_NAME_UNKNOWN"]).toContain(seen);
    await expect(transport.send("wh_1", call(url), quiet())).rejects.toMatchObject({ code: seen });
  });

  it("nowhere when one of a name's addresses is private", async () => {
    const transport = open({ resolver: async () => ["8.8.8.8", "10.0.0.1"] });
    await expect(transport.check("https://mixed.example/", {})).rejects.toMatchObject({
      code: "HTTP_PRIVATE_ADDRESS",
    });
  });

  it("judges the name again for every call: a name that moves inside is refused then", async () => {
    const server = await serve((_request, response) => response.end());
    const answers = [["8.8.8.8"], ["127.0.0.1"]];
    const transport = open({ resolver: async () => answers.shift() ?? [], caPem: server.caPem });
    const url = `https://moving.example:${server.port}/`;
    await transport.check(url, {});
    await expect(transport.send("wh_1", call(url), quiet())).rejects.toMatchObject({
      code: "HTTP_PRIVATE_ADDRESS",
    });
    expect(server.connections()).toBe(0);
  });

  it("connects to the address that was judged, not to what the name says next", async () => {
    const server = await serve((_request, response) => response.end());
    let asked = 0;
    const resolver = async () => {
      asked += 1;
      return ["127.0.0.1"];
    };
    const transport = open({ allowPrivateAddresses: true, caPem: server.caPem, resolver });
    // No name server knows this name: only the judged address leads to the server.
    const url = `https://hook.invalid:${server.port}/x?y=1`;
    expect(await transport.send("wh_1", call(url), quiet())).toEqual({
      status: 200,
      retryAfterMs: null,
    });
    expect(asked).toBe(1);
    expect(server.seen).toEqual([`hook.invalid:${server.port} POST /x?y=1`]);
  });

  it("over plain http to private addresses alone, and only where they are allowed", async () => {
    const server: Server = createServer((_request, response) => response.end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect(
      await open({ allowPrivateAddresses: true }).send("wh_1", call(url), quiet()),
    ).toMatchObject({ status: 200 });
    await expect(open().check(url, {})).rejects.toMatchObject({ code: "WEBHOOK_URL_REFUSED" });
    const outside = open({ allowPrivateAddresses: true, resolver: async () => ["8.8.8.8"] });
    await expect(outside.check("http://public.example/", {})).rejects.toMatchObject({
      code: "WEBHOOK_URL_REFUSED",
    });
  });

  it("not to a server whose certificate nobody vouches for", async () => {
    const server = await serve((_request, response) => response.end());
    const transport = open({ allowPrivateAddresses: true });
    await expect(
      transport.send("wh_1", call(`https://localhost:${server.port}/`), quiet()),
    ).rejects.toMatchObject({ code: "WEBHOOK_UNREACHABLE" });
    expect(server.seen).toEqual([]);
  });

  it("to no name that nobody knows", async () => {
    const transport = open();
    await expect(transport.check("https://no-such-name.invalid/", {})).rejects.toMatchObject({
      code: "HTTP_NAME_UNKNOWN",
    });
  });
});

describe("what an endpoint may do", () => {
  const inside = async (handler: Handler) => {
    const server = await serve(handler);
    const transport = open({ allowPrivateAddresses: true, caPem: server.caPem });
    const url = `https://localhost:${server.port}/`;
    const send = (signal: AbortSignal) => transport.send("wh_1", call(url), { signal });
    return { server, send };
  };

  it("redirect: it is not followed", async () => {
    const { server, send } = await inside((_request, response) => {
      response.writeHead(307, { location: "https://localhost/other" });
      response.end();
    });
    expect(await send(quiet().signal)).toMatchObject({ status: 307 });
    expect(server.seen).toHaveLength(1);
  });

  it("answer without end: the status counts, the rest is dropped", async () => {
    const { send } = await inside((_request, response) => {
      const more = () => {
        while (response.write("x".repeat(1 << 16)));
        response.once("drain", more);
      };
      response.on("error", () => {});
      more();
    });
    expect(await send(quiet().signal)).toMatchObject({ status: 200 });
    expect(await send(quiet().signal)).toMatchObject({ status: 200 });
  });

  it("say nothing: the time is over, and the connection with it", async () => {
    const { send } = await inside(() => {});
    await expect(send(AbortSignal.timeout(100))).rejects.toMatchObject({
      code: "WEBHOOK_UNREACHABLE",
      arguments: { reason: "no answer in time" },
    });
  });

  it("send head after head: it is cut off", async () => {
    const { send } = await inside((_request, response) => {
      response.writeHead(200, { "x-long": "x".repeat(40_000) });
      response.end();
    });
    await expect(send(quiet().signal)).rejects.toMatchObject({ code: "WEBHOOK_UNREACHABLE" });
  });

  it("hang up in the middle", async () => {
    const { send } = await inside((request) => request.socket.destroy());
    await expect(send(quiet().signal)).rejects.toMatchObject({ code: "WEBHOOK_UNREACHABLE" });
  });

  it.each([
    ["120", 120_000],
    ["0", 0],
    ["-5", null],
    ["1e9", null],
    ["99999999999", null],
    ["Fri, 31 Dec 1999 23:59:59 GMT", null],
  ])("ask for a pause: %s", async (text, retryAfterMs) => {
    const { send } = await inside((_request, response) => {
      response.writeHead(503, { "retry-after": text });
      response.end();
    });
    expect(await send(quiet().signal)).toEqual({ status: 503, retryAfterMs });
  });

  it("keep one connection for many calls", async () => {
    const { server, send } = await inside((_request, response) => response.end());
    for (let count = 0; count < 5; count += 1) await send(quiet().signal);
    expect(server.connections()).toBe(1);
  });
});
