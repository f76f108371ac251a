import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** One question as it came. */
export interface NodeQuestion {
  readonly method: string;
  readonly params: readonly unknown[];
}

interface Answer {
  result?: unknown;
  error?: unknown;
}

/** What the real node answers to it, or to the same with other parameters. */
export type RealAnswer = (params?: readonly unknown[]) => Promise<Answer>;

/** Answers a question: with another result, or with whatever it does to the response itself. */
export type Falsehood = (
  question: NodeQuestion,
  real: RealAnswer,
  response: ServerResponse,
) => Promise<Answer | null>;

/** A JSON-RPC endpoint before a real node, which passes everything on until it is told to behave otherwise. */
export interface FalseNode {
  readonly url: string;
  /** Methods in the order in which they were asked. */
  readonly asked: string[];
  /** How it answers from now on; null: truthfully. */
  behave(falsehood: Falsehood | null): void;
}

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
};

/** Ends with the test that opened it. */
export const openFalseNode = async (target: string): Promise<FalseNode> => {
  let behaviour: Falsehood | null = null;
  const asked: string[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    const question = JSON.parse(body) as NodeQuestion & { readonly id: number };
    asked.push(question.method);
    const real: RealAnswer = async (params = question.params) => {
      const passed = await fetch(target, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...question, params }),
      });
      return (await passed.json()) as Answer;
    };
    const given = behaviour ? await behaviour(question, real, response) : await real();
    if (given === null) return;
    const { result, error } = given;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ jsonrpc: "2.0", id: question.id, result, error }));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    behave: (next) => {
      behaviour = next;
    },
  };
};

/** Answers one method falsely and everything else truthfully. */
export const lieAbout =
  (method: string, lie: (result: unknown, question: NodeQuestion) => unknown): Falsehood =>
  async (question, real) => {
    const answer = await real();
    return question.method === method ? { result: lie(answer.result, question) } : answer;
  };

/** Stands still at a block: what comes after it does not exist for this node. */
export const standAt = (height: number): Falsehood => {
  const newest = `0x${height.toString(16)}`;
  return async ({ method, params }, real) => {
    if (method === "eth_blockNumber") return { result: newest };
    if (method === "eth_sendRawTransaction") return await real();
    const answer = await real(
      params.map((one) => (one === "latest" || one === "pending" ? newest : one)),
    );
    const number = numberOf(answer.result);
    return number !== null && number > height ? { result: null } : answer;
  };
};

const numberOf = (result: unknown): number | null => {
  if (typeof result !== "object" || result === null) return null;
  const { blockNumber, number }: { readonly blockNumber?: unknown; readonly number?: unknown } =
    result;
  const found = blockNumber ?? number;
  return typeof found === "string" ? Number(found) : null;
};
