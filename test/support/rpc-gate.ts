import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** One JSON-RPC question on its way. */
export interface RpcQuestion {
  readonly method: string;
  readonly params: readonly unknown[];
  /** Asks the node itself, as if nobody stood between. Throws with the node's words when it refuses. */
  readonly ask: (method: string, params: readonly unknown[]) => Promise<unknown>;
}

/** What becomes of a question. `null` and `pass`: the node answers it, the second one maybe to other parameters. */
export type Interference =
  | null
  | { readonly kind: "pass"; readonly params: readonly unknown[] }
  | { readonly kind: "result"; readonly result: unknown }
  | { readonly kind: "error"; readonly code: number; readonly message: string }
  | { readonly kind: "status"; readonly status: number }
  /** The connection breaks; `forward`: after the node has got the question. */
  | { readonly kind: "break"; readonly forward: boolean }
  /** Nobody answers, for ever; `forward`: the node has got the question. */
  | { readonly kind: "silence"; readonly forward: boolean };

/** Decides about each question. */
export type RpcRule = (question: RpcQuestion) => Interference | Promise<Interference>;

/** A JSON-RPC endpoint that passes everything on, and calls `before` and `after` around each broadcast. */
export interface RpcGate {
  readonly url: string;
  /** Replaces what happens around the next broadcasts. */
  watch(hooks: { readonly before?: () => void; readonly after?: () => void }): void;
  /** While it is shut every question is answered 503, as by a node behind a proxy that lost it. */
  shut(isShut: boolean): void;
  /** Lets a rule decide about every question from now on; null ends it. */
  interfere(rule: RpcRule | null): void;
  /** Questions so far. */
  questions(): number;
  close(): Promise<void>;
}

interface RpcBody {
  readonly id: unknown;
  readonly method: string;
  readonly params?: readonly unknown[];
}

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
};

const post = (target: string, body: string): Promise<Response> =>
  fetch(target, { method: "POST", headers: { "content-type": "application/json" }, body });

const askNode =
  (target: string): RpcQuestion["ask"] =>
  async (method, params) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const answer = (await (await post(target, body)).json()) as {
      readonly result?: unknown;
      readonly error?: { readonly message: string };
    };
    if (answer.error) throw new Error(answer.error.message);
    return answer.result;
  };

/** Stands between a host and its chain, so that a test can act in the moment of a question, or lie. */
export const openRpcGate = async (target: string): Promise<RpcGate> => {
  let hooks: Parameters<RpcGate["watch"]>[0] = {};
  let isClosed = false;
  let rule: RpcRule | null = null;
  let questions = 0;
  const ask = askNode(target);

  const decide = async (body: string): Promise<{ question: RpcBody; made: Interference }> => {
    const question = JSON.parse(body) as RpcBody;
    const made = rule
      ? await rule({ method: question.method, params: question.params ?? [], ask })
      : null;
    return { question, made };
  };

  const server = createServer((request, response) => {
    const reply = (status: number, text: string): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(text);
    };
    const pass = async (): Promise<void> => {
      let body = await readBody(request);
      questions += 1;
      if (isClosed) {
        response.writeHead(503).end();
        return;
      }
      const isBroadcast = body.includes("eth_sendRawTransaction");
      if (isBroadcast) hooks.before?.();
      const { question, made } = await decide(body);
      const head = { jsonrpc: "2.0", id: question.id };
      switch (made?.kind) {
        case "result":
          reply(200, JSON.stringify({ ...head, result: made.result }));
          return;
        case "error":
          reply(
            200,
            JSON.stringify({ ...head, error: { code: made.code, message: made.message } }),
          );
          return;
        case "status":
          reply(made.status, "");
          return;
        case "break":
          if (made.forward) await (await post(target, body)).text();
          if (isBroadcast) hooks.after?.();
          response.destroy();
          return;
        case "silence":
          if (made.forward) await (await post(target, body)).text();
          return;
        case "pass":
          body = JSON.stringify({ ...question, params: made.params });
          break;
        case undefined:
          break;
      }
      const answer = await post(target, body);
      const text = await answer.text();
      if (isBroadcast) hooks.after?.();
      reply(answer.status, text);
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
    interfere: (next) => {
      rule = next;
    },
    questions: () => questions,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};
