import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createJsonRpcEndpoint } from "./json-rpc-endpoint.ts";

const serve = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/operators-key`;
};
const ask = (url: string, signal = new AbortController().signal) =>
  createJsonRpcEndpoint(url).ask("eth_chainId", [], signal);

test("results and errors come through as they are", async () => {
  const bodies = [
    '{"jsonrpc":"2.0","id":1,"result":"0x1"}',
    '{"error":{"code":3,"message":"x","data":"0x01"}}',
  ];
  const answers = await Promise.all(
    bodies.map(async (body) => ask(await serve((_, response) => response.end(body)))),
  );
  expect(answers).toEqual([
    { ok: true, result: "0x1" },
    { ok: false, code: 3, data: "0x01" },
  ]);
});

test.each<[string, RequestListener]>([
  ["no JSON", (_, response) => response.end("<html>")],
  ["a refusal for its rate", (_, response) => response.writeHead(429).end('{"result":"0x1"}')],
  ["an error without a code", (_, response) => response.end('{"error":{"message":"no"}}')],
  [
    "a redirect",
    (_, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
  ],
  ["a broken connection", (_, response) => response.destroy()],
  [
    "more than it may",
    (_, response) => {
      response.end(`{"result":"${"0".repeat(17_000_000)}"}`);
    },
  ],
])("%s is no answer, and the operator's key is in no error", async (_name, listener) => {
  const asked = ask(await serve(listener));
  await expect(asked).rejects.toThrow("an endpoint did not answer");
  await expect(asked).rejects.not.toThrow(/operators-key|127\.0\.0\.1/);
});

test("it waits no longer than the run", async () => {
  const controller = new AbortController();
  const url = await serve(() => controller.abort(new Error("the run is over")));
  await expect(ask(url, controller.signal)).rejects.toThrow("the run is over");
});
