import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A JSON-RPC endpoint that passes everything on, and calls `before` and `after` around each broadcast. */
export interface RpcGate {
  readonly url: string;
  /** Replaces what happens around the next broadcasts. */
  watch(hooks: { readonly before?: () => void; readonly after?: () => void }): void;
  /** While it is shut every question is answered 503, as by a node behind a proxy that lost it. */
  shut(isShut: boolean): void;
  close(): Promise<void>;
}

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
};

/** Stands between a host and its chain, so that a test can act in the moment of a broadcast. */
export const openRpcGate = async (target: string): Promise<RpcGate> => {
  let hooks: Parameters<RpcGate["watch"]>[0] = {};
  let isClosed = false;
  const server = createServer((request, response) => {
    const pass = async (): Promise<void> => {
      const body = await readBody(request);
      if (isClosed) {
        response.writeHead(503).end();
        return;
      }
      const isBroadcast = body.includes("eth_sendRawTransaction");
      if (isBroadcast) hooks.before?.();
      const answer = await fetch(target, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      const text = await answer.text();
      if (isBroadcast) hooks.after?.();
      response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
    };
    pass().catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    watch: (next) => {
      hooks = next;
    },
    shut: (isShut) => {
      isClosed = isShut;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};
