import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import type { AttestedIdentity } from "./attested-identity.ts";
import { askChallenge } from "./ask-challenge.ts";
import { channelNonce } from "./channel-nonce.ts";
import { appraisePeer, checkPeer, type AttestedPeer, type PeerRules } from "./check-peer.ts";
import { attestedTlsOptions } from "./create-attested-server.ts";

/** A connection whose other end was appraised, before a byte of ours went over it. */
export interface AttestedConnection {
  readonly socket: TLSSocket;
  readonly peer: AttestedPeer;
}

export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly rules: PeerRules;
  /**
   * `age`: the certificate's evidence is at most `rules.maxAgeMs` old. `challenge`: besides, the peer makes evidence for
   * this very connection, so that a stolen TLS key without its enclave is not enough.
   */
  readonly freshness: "age" | "challenge";
  /** Mutual: what this end shows. */
  readonly identity?: AttestedIdentity;
  readonly signal?: AbortSignal;
}

/** ms for connection, handshake, challenge and appraisal together. */
const CONNECT_MS = 15_000;
/** Codes by which OpenSSL says that the answer is no TLS record. */
const NO_TLS = new Set(["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_PACKET_LENGTH_TOO_LONG"]);

/**
 * Connect over TLS 1.3 and take the peer only on its evidence, under a policy and at the clock's time.
 * Throws `PEER_UNREACHABLE`, `PEER_CHANNEL_REFUSED`, `PEER_CERTIFICATE_REFUSED`, `PEER_EVIDENCE_REFUSED`, what the
 * appraiser throws, or the signal's reason.
 * @example
 * ```ts
 * const rules = { appraiser, clock: systemClock, maxAgeMs: 86_400_000 };
 * const { socket, peer } = await connectAttested({ host, port, rules, freshness: "challenge" });
 * ```
 */
export const connectAttested = async (options: ConnectOptions): Promise<AttestedConnection> => {
  const limit = AbortSignal.timeout(CONNECT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  const socket = await handshake(options, signal);
  const end = () => socket.destroy();
  signal.addEventListener("abort", end, { once: true });
  try {
    const peer = await checkPeer(socket, options.rules, { signal });
    const known =
      options.freshness === "age" ? peer : await challenge(socket, peer, options, signal);
    return { socket, peer: known };
  } catch (error) {
    socket.destroy();
    options.signal?.throwIfAborted();
    if (!signal.aborted && isFabricError(error)) throw error;
    throw unreachable(options, signal.aborted ? "it took too long" : reasonOf(error), error);
  } finally {
    signal.removeEventListener("abort", end);
  }
};

const challenge = async (
  socket: TLSSocket,
  peer: AttestedPeer,
  { host, rules }: ConnectOptions,
  signal: AbortSignal,
): Promise<AttestedPeer> => {
  const nonce = randomBytes(32).toString("hex");
  const evidence = await askChallenge(socket, { host, nonce, signal });
  const bound = channelNonce(socket, nonce);
  return appraisePeer(evidence, { key: peer.tlsKey, nonce: bound, rules, signal });
};

const handshake = (options: ConnectOptions, signal: AbortSignal): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const { host, port, identity } = options;
    const socket = connect({
      host,
      port,
      // No name is certified: the evidence says who answers, wherever it listens.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(identity
        ? attestedTlsOptions(identity)
        : { minVersion: "TLSv1.3", maxVersion: "TLSv1.3" }),
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    const abort = () => fail(new Error("it took too long"));
    const fail = (error: Error) => {
      signal.removeEventListener("abort", abort);
      socket.destroy();
      if (options.signal?.aborted) reject(options.signal.reason as Error);
      else reject(unreachable(options, handshakeFault(error), error));
    };
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      signal.removeEventListener("abort", abort);
      socket.off("error", fail);
      // Whoever uses the connection hears of its end by "close"; nobody may be ended by it.
      socket.on("error", () => socket.destroy());
      resolve(socket);
    });
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
  });

/** OpenSSL's line about what came instead of TLS is for its authors. */
const handshakeFault = (error: Error): string =>
  "code" in error && typeof error.code === "string" && NO_TLS.has(error.code)
    ? "what answers there speaks no TLS, as on a plain HTTP port"
    : error.message;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : "unknown");

const unreachable = ({ host, port }: ConnectOptions, reason: string, cause: unknown) =>
  fabricError("PEER_UNREACHABLE", { address: `${host}:${port}`, reason }, { cause });
