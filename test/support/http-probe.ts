import type {
  HttpCapability,
  HttpExchange,
  SourcesConfiguration,
} from "../../enclave-sim/capabilities/http/http-capability.ts";
import { createHttpCapability } from "../../enclave-sim/capabilities/http/create-http-capability.ts";
import type { Resolver } from "../../enclave-sim/capabilities/http/resolve-host.ts";
import type { HttpRequest } from "../../src/sdk/abi.ts";
import { manifestSchema } from "../../src/sdk/manifest.ts";
import { startTlsServer, type Handler, type TlsServer } from "./tls-server.ts";

/** Three hosts, one of them with a narrow path, and one secret for each of two. */
export const { capabilities } = manifestSchema.parse({
  id: "probe",
  version: "1.0.0",
  description: "A Cryptlet for tests",
  feeds: [{ id: "a", kind: "record", description: "A record", minSources: 1 }],
  capabilities: {
    http: {
      hosts: [
        { host: "one.example.com", paths: ["/"] },
        { host: "two.example.com", paths: ["/open"] },
        { host: "token.example.com", paths: ["/token"] },
      ],
      timeoutMs: 2_000,
      maxResponseBytes: 10_000,
      maxRequests: 8,
    },
    secrets: [
      { name: "KEY", hosts: ["one.example.com"] },
      { name: "CLIENT", hosts: ["token.example.com"] },
    ],
  },
});

/** What the tests of a file opened; closed after each test. */
export const opened: { close(): Promise<void> }[] = [];
export const closeOpened = async (): Promise<void> => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
};

/** A TLS server with this handler and a capability that is routed to it. */
export const start = async (
  handler: Handler,
  sources?: (server: TlsServer) => SourcesConfiguration,
  resolver?: Resolver,
): Promise<{ server: TlsServer; capability: HttpCapability }> => {
  const server = await startTlsServer(handler);
  const emulated = {
    mode: "emulated",
    address: "127.0.0.1",
    port: server.port,
    caPem: server.caPem,
    allowPrivateAddresses: false,
  } as const;
  const { http, secrets } = capabilities;
  if (!http) throw new Error("no http capability");
  const capability = createHttpCapability({
    http,
    secrets,
    secretValues: { KEY: "k3y-of-one-host", CLIENT: "client-secret-value" },
    sources: sources?.(server) ?? emulated,
    ...(resolver ? { resolver } : {}),
  });
  opened.push(capability, server);
  return { server, capability };
};

let reference = 0;
export const ask = async (
  capability: HttpCapability,
  requests: readonly (Partial<HttpRequest> & { readonly url: string })[],
  signal = new AbortController().signal,
): Promise<readonly HttpExchange[]> => {
  reference = 0;
  return capability.all(
    requests.map((request, at) => ({ id: `source-${at}`, method: "GET", ...request })),
    { signal, nextReference: () => (reference += 1) },
  );
};
export const askOne = async (
  capability: HttpCapability,
  request: Partial<HttpRequest> & { readonly url: string },
): Promise<HttpExchange> => {
  const [exchange] = await ask(capability, [request]);
  if (!exchange) throw new Error("no exchange");
  return exchange;
};
/** `ok`, or the code of the error. */
export const codeOf = ({ answer }: HttpExchange): string => (answer.ok ? "ok" : answer.error.code);
export const echo: Handler = (request, response) => {
  response.end(JSON.stringify({ path: request.url, headers: request.headers }));
};
