import type { Socket } from "node:net";
import { createServer, type TLSSocket, type TlsOptions } from "node:tls";
import type { Log } from "../core/log.ts";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import type { AttestedIdentity } from "./attested-identity.ts";
import { assertChannel } from "./channel-nonce.ts";
import { checkPeer, type AttestedPeer, type PeerRules } from "./check-peer.ts";

/** A listener whose certificate carries evidence. */
export interface AttestedServer {
  /** Resolves with the port. Port 0 takes a free one. Throws `PEER_UNREACHABLE`. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** Serve the next connections under a renewed identity. */
  use(identity: AttestedIdentity): void;
  /** Refuses new connections and ends those that are open. */
  close(): Promise<void>;
}

export interface AttestedServerOptions {
  readonly identity: AttestedIdentity;
  readonly log: Log;
  /** Mutual: whom this server takes as client. Null: anybody may connect and look at its evidence. */
  readonly peers: PeerRules | null;
  /** A connection whose rules were met; `peer` is null where `peers` is. */
  readonly onConnection: (socket: TLSSocket, peer: AttestedPeer | null) => void;
}

/** ms for handshake and appraisal together. */
const HANDSHAKE_MS = 10_000;
/** Connections at once. */
const MAX_CONNECTIONS = 4_096;

/** What node:tls is given on either side: TLS 1.3 alone, the attested certificate, no tickets that would skip it. */
export const attestedTlsOptions = ({ privateKey, certificatePem }: AttestedIdentity) =>
  ({
    key: privateKey.export({ format: "pem", type: "pkcs8" }),
    cert: certificatePem,
    minVersion: "TLSv1.3",
    maxVersion: "TLSv1.3",
  }) as const satisfies TlsOptions;

/**
 * Listen for TLS 1.3 with an attested certificate. A connection is handed on only after its rules were met.
 * @example
 * ```ts
 * const server = createAttestedServer({ identity, log, peers: null, onConnection: (socket) => http.emit("connection", socket) });
 * const port = await server.listen({ host: "127.0.0.1", port: 0 });
 * ```
 */
export const createAttestedServer = (options: AttestedServerOptions): AttestedServer => {
  const { log, peers, onConnection } = options;
  const server = createServer({
    ...attestedTlsOptions(options.identity),
    handshakeTimeout: HANDSHAKE_MS,
    requestCert: peers !== null,
    // No authority stands behind an attested certificate: `checkPeer` decides, and before anything is read.
    rejectUnauthorized: false,
  });
  server.maxConnections = MAX_CONNECTIONS;
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  server.on("secureConnection", (socket) => {
    socket.on("error", () => socket.destroy());
    void admit(socket);
  });

  const admit = async (socket: TLSSocket): Promise<void> => {
    try {
      assertChannel(socket);
      const signal = AbortSignal.timeout(HANDSHAKE_MS);
      const peer = peers === null ? null : await checkPeer(socket, peers, { signal });
      if (!socket.destroyed) onConnection(socket, peer);
    } catch (error) {
      log.warn("attested peer refused", {
        code: isFabricError(error) ? error.code : "INTERNAL",
        error,
      });
      socket.destroy();
    }
  };

  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once("error", (error) => {
          const address = `${host} port ${port}`;
          reject(
            fabricError("PEER_UNREACHABLE", { address, reason: error.message }, { cause: error }),
          );
        });
        server.listen({ host, port }, () => {
          // Without a listener an accept that fails, for want of file descriptors say, would end the host.
          server.on("error", (error) => log.error("attested listener", { error }));
          const address = server.address();
          resolve(typeof address === "object" && address ? address.port : port);
        });
      }),
    use: (identity) => server.setSecureContext(attestedTlsOptions(identity)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};
