import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createCertificateAuthority } from "../../src/emulator/certificate-authority.ts";

/** A real TLS server with a valid certificate for every name it is asked for. */
export interface TlsServer {
  readonly port: number;
  readonly caPem: string;
  /** `host method path` of every request so far. */
  readonly seen: readonly string[];
  /** Connections so far. */
  readonly connections: () => number;
  close(): Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

// One authority for all servers of a test file: making its keys takes longer than a test.
const authorityOnce = createCertificateAuthority(Date.now());

export const startTlsServer = async (handler: Handler): Promise<TlsServer> => {
  const authority = await authorityOnce;
  const seen: string[] = [];
  let connections = 0;
  const server = createServer(
    {
      SNICallback: (name, callback) => callback(null, authority.contextFor(name)),
    },
    (request, response) => {
      seen.push(`${request.headers.host} ${request.method} ${request.url}`);
      handler(request, response);
    },
  );
  server.on("connection", () => {
    connections += 1;
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    caPem: authority.certificatePem,
    seen,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
