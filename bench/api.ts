import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { request, Agent } from "node:http";
import type { BenchRow } from "./report.ts";

const CONNECTIONS = 16;
const WARM_UP = 3_000;
const REQUESTS = 20_000;
const PAIRS = 3;

interface Answer {
  readonly type: string;
  readonly url: string;
  /** Microseconds of CPU that the server process has used. */
  readonly cpu: number;
}

/** A server in a process of its own, so that its CPU time is its own. */
const startServer = async (kind: "bare" | "fabric") => {
  const child = fork(fileURLToPath(new URL("api/server.js", import.meta.url)), [kind]);
  const [ready] = (await once(child, "message")) as [Answer];
  return {
    url: ready.url,
    async cpu(): Promise<number> {
      const answer = once(child, "message") as Promise<[Answer]>;
      child.send("cpu");
      return (await answer)[0].cpu;
    },
    async stop(): Promise<void> {
      const exit = once(child, "exit");
      child.send("stop");
      await exit;
    },
  };
};

const fetchMany = async (url: string, count: number): Promise<void> => {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let left = count;
  const get = () =>
    new Promise<void>((resolve, reject) => {
      request(url, { agent }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
        response.resume();
        response.once("end", resolve);
      })
        .once("error", reject)
        .end();
    });
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await get();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  agent.destroy();
};

type Server = Awaited<ReturnType<typeof startServer>>;

/** Microseconds of server CPU per request. */
const measure = async (server: Server): Promise<number> => {
  const before = await server.cpu();
  await fetchMany(server.url, REQUESTS);
  return ((await server.cpu()) - before) / REQUESTS;
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** `GET /v1/feeds/:id/latest` against a bare Fastify route that returns the same bytes, by server CPU. */
export const runApiBench = async (): Promise<readonly BenchRow[]> => {
  const [bare, fabric] = await Promise.all([startServer("bare"), startServer("fabric")]);
  try {
    for (const server of [bare, fabric]) await fetchMany(server.url, WARM_UP);
    const cost = { bare: [] as number[], fabric: [] as number[] };
    // In turns, so that a slow moment of the machine falls on both.
    for (let pair = 0; pair < PAIRS; pair += 1) {
      cost.bare.push(await measure(bare));
      cost.fabric.push(await measure(fabric));
    }
    const bareRate = 1_000_000 / median(cost.bare);
    const fabricRate = 1_000_000 / median(cost.fabric);
    const ratio = fabricRate / bareRate;
    const group = "api";
    const unit = "requests/server CPU s";
    return [
      { group, name: "bare Fastify route, same bytes", value: bareRate, unit },
      {
        group,
        name: "GET /v1/feeds/:id/latest",
        value: fabricRate,
        unit,
        ratio,
        against: "bare Fastify route",
        target: ">= 0.8",
        ok: ratio >= 0.8,
      },
    ];
  } finally {
    await Promise.all([bare.stop(), fabric.stop()]);
  }
};
