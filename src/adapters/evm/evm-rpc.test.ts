import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { ChainName } from "../../core/ids.ts";
import { createEvmRpc, quantity } from "./evm-rpc.ts";

const CHAIN = "local" as ChainName;

/** A node that answers as told; gives its URL without scheme and what it was asked. */
const startNode = async (answer: RequestListener) => {
  const asked: { readonly authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    asked.push({ authorization: request.headers.authorization });
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
};

const json = (body: unknown): RequestListener => {
  const text = JSON.stringify(body);
  return (_request, response) => void response.end(text);
};

const rpcTo = (url: string, timeoutMs = 2_000) => createEvmRpc({ name: CHAIN, url, timeoutMs });
const unreachable = expect.objectContaining({ code: "CHAIN_UNREACHABLE" });

test("a result, a refusal and its revert data come back as they are", async () => {
  const { host } = await startNode(json({ jsonrpc: "2.0", id: 1, result: "0x10" }));
  expect(await rpcTo(`http://${host}`).call(quantity, "eth_chainId", [])).toBe(16n);
  const refusing = await startNode(
    json({ error: { code: 3, message: "reverted", data: { data: "0x1234" } } }),
  );
  expect(await rpcTo(`http://${refusing.host}`).ask("eth_call", [])).toEqual({
    ok: false,
    fault: { code: 3, message: "reverted", data: "0x1234" },
  });
});

test("credentials of the URL travel as a header and never stand in an error", async () => {
  const { host, asked } = await startNode((_request, response) => {
    response.statusCode = 401;
    response.end("{}");
  });
  const failure = await rpcTo(`http://user:se%20cret@${host}`)
    .ask("eth_chainId", [])
    .catch((error: unknown) => error);
  expect(failure).toEqual(unreachable);
  expect(JSON.stringify(failure) + String(failure)).not.toContain("cret");
  expect(asked[0]?.authorization).toBe(`Basic ${Buffer.from("user:se cret").toString("base64")}`);
});

test("an endless answer, a redirect, junk and silence are a chain that does not answer", async () => {
  const endless = await startNode((_request, response) => {
    const chunk = Buffer.alloc(1 << 20, 0x20);
    const push = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", push);
    push();
  });
  await expect(rpcTo(`http://${endless.host}`, 20_000).ask("x", [])).rejects.toEqual(unreachable);

  const target = await startNode(json({ result: "0x1" }));
  const redirect = await startNode((_request, response) => {
    response.writeHead(307, { location: `http://${target.host}/` }).end();
  });
  await expect(rpcTo(`http://${redirect.host}`).ask("x", [])).rejects.toEqual(unreachable);
  expect(target.asked).toEqual([]);

  const junk = await startNode((_request, response) => void response.end("<html>"));
  await expect(rpcTo(`http://${junk.host}`).ask("x", [])).rejects.toEqual(unreachable);

  const silent = await startNode(() => undefined);
  await expect(rpcTo(`http://${silent.host}`, 100).ask("x", [])).rejects.toEqual(unreachable);
});

test("an aborted question ends with the signal's reason", async () => {
  const silent = await startNode(() => undefined);
  const controller = new AbortController();
  const reason = new Error("enough");
  const asking = rpcTo(`http://${silent.host}`).ask("x", [], { signal: controller.signal });
  controller.abort(reason);
  await expect(asking).rejects.toBe(reason);
});
