import { fastify } from "fastify";
import { createApi } from "../../src/api/create-api.ts";
import { silentLog } from "../../src/core/log.ts";
import { createFakeFabric, FEED } from "../../test/support/fake-fabric.ts";

/** Child process of `bench/api.ts`: serves one of the two routes and tells its CPU time. */
const fabric = createFakeFabric(1);
const bytes = fabric.feeds.latest(FEED);

const startBare = async (): Promise<string> => {
  const app = fastify();
  app.get("/latest", (_request, reply) => {
    void reply.type("application/json; charset=utf-8").send(bytes);
  });
  return `${await app.listen({ host: "127.0.0.1", port: 0 })}/latest`;
};

const startFabric = async (): Promise<string> => {
  const api = createApi({ fabric, log: silentLog });
  return `${await api.listen({ host: "127.0.0.1", port: 0 })}/v1/feeds/${FEED}/latest`;
};

const url = process.argv[2] === "bare" ? await startBare() : await startFabric();
process.send?.({ type: "ready", url, cpu: 0 });
process.on("message", (message) => {
  if (message === "stop") process.exit(0);
  const { user, system } = process.cpuUsage();
  process.send?.({ type: "cpu", url, cpu: user + system });
});
