import { createHash } from "node:crypto";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { Client } from "undici";
import { fabricError } from "../../../src/core/errors/fabric-error.ts";

/** What is known of the peer of one connection. */
export interface TlsFacts {
  /** Hex SHA-256 of the SubjectPublicKeyInfo, DER. */
  readonly spkiSha256: string;
  /** Hex SHA-256 of the certificate, DER. */
  readonly certificateSha256: string;
  /** For example `TLSv1.3`. */
  readonly protocol: string;
}

/** Where a connection goes: an address, with the name that its certificate must bear. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly address: string;
  /** Port at the address; differs from `port` in emulated mode only. */
  readonly addressPort: number;
  /** The only trusted authority; null for the system's roots. */
  readonly caPem: string | null;
}

/** One kept-alive connection that carries one request at a time, so that an answer belongs to known TLS facts. */
export interface Connection {
  readonly client: Client;
  /** Of the socket that is open now; null before the first handshake. */
  readonly facts: () => TlsFacts | null;
  readonly used: boolean;
  markUsed(): void;
  /** Ends it in whatever state it is, also in the middle of a handshake. */
  destroy(): Promise<void>;
}

/** Answers with longer header blocks are refused, in bytes. */
const MAX_HEADER_BYTES = 16_384;
const KEEP_ALIVE_MS = 30_000;

/** A connection to one target; opened by the first request. Errors: `HTTP_TLS_REFUSED`, `HTTP_UNREACHABLE`. */
export const createConnection = (target: Target): Connection => {
  let facts: TlsFacts | null = null;
  let used = false;
  let socket: TLSSocket | null = null;
  const client = new Client(`https://${target.host}:${target.port}`, {
    pipelining: 1,
    maxHeaderSize: MAX_HEADER_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    // The caller's signal bounds everything; undici's own timers are coarse.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (_options, callback) => {
      facts = null;
      socket = openSocket(target, (error, opened) => {
        if (error) {
          callback(error, null);
          return;
        }
        facts = factsOf(opened);
        callback(null, opened);
      });
    },
  });
  return {
    client,
    facts: () => facts,
    get used() {
      return used;
    },
    markUsed: () => {
      used = true;
    },
    destroy: async () => {
      const ended = client.destroy();
      socket?.destroy();
      await ended;
    },
  };
};

type Opened = (...args: [error: Error, socket: null] | [error: null, socket: TLSSocket]) => void;

const openSocket = (target: Target, opened: Opened): TLSSocket => {
  let reached = false;
  const socket = connectTls({
    host: target.address,
    port: target.addressPort,
    servername: target.host,
    ALPNProtocols: ["http/1.1"],
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
    // Without a cached session every handshake shows the peer's certificate.
    ...(target.caPem === null ? {} : { ca: [target.caPem] }),
  });
  const failed = (error: Error & { code?: string }): void => {
    const reason = error.code ?? error.message;
    // Errors that follow the first one have nobody to go to.
    socket.off("close", early);
    socket.on("error", () => {});
    opened(
      fabricError(reached ? "HTTP_TLS_REFUSED" : "HTTP_UNREACHABLE", { host: target.host, reason }),
      null,
    );
  };
  const early = (): void => failed(new Error("closed during the handshake"));
  socket.setNoDelay(true);
  socket.once("connect", () => {
    reached = true;
  });
  socket.once("error", failed);
  socket.once("close", early);
  socket.once("secureConnect", () => {
    socket.off("error", failed);
    socket.off("close", early);
    opened(null, socket);
  });
  return socket;
};

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const factsOf = (socket: TLSSocket): TlsFacts | null => {
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return null;
  return {
    spkiSha256: sha256(certificate.publicKey.export({ type: "spki", format: "der" })),
    certificateSha256: sha256(certificate.raw),
    protocol: socket.getProtocol() ?? "unknown",
  };
};
