import {
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
  type Authenticator,
  type NodeConnectionOptions,
} from "@nats-io/transport-node";

/** How to reach NATS. Secrets come resolved; they are never printed. */
export interface NatsOptions {
  /** `nats://host:port` or `tls://host:port`, several for a cluster. */
  readonly servers: readonly string[];
  /** Seen in the server's monitoring. */
  readonly name: string;
  readonly credentials?: NatsCredentials;
  /** PEM texts. `ca` replaces the system's roots; `cert` and `key` are the client's own. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** For connecting and for each answer, ms. Default 5,000. */
  readonly timeoutMs?: number;
  /** Copies of each stream in a cluster. Default 1. */
  readonly replicas?: 1 | 3 | 5;
}

export type NatsCredentials =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "user"; readonly user: string; readonly password: string }
  /** Text of a `.creds` file: JWT and seed. */
  | { readonly kind: "creds"; readonly creds: string }
  /** `SU…` seed. */
  | { readonly kind: "nkey"; readonly seed: string };

export const TIMEOUT_MS = 5_000;

/** Settings of the connection: it comes back for ever, because the outbox holds what waits. */
export const connectionOptions = (options: NatsOptions): NodeConnectionOptions => ({
  servers: [...options.servers],
  name: options.name,
  timeout: options.timeoutMs ?? TIMEOUT_MS,
  reconnect: true,
  maxReconnectAttempts: -1,
  reconnectTimeWait: 250,
  reconnectJitter: 250,
  ignoreAuthErrorAbort: true,
  pingInterval: 20_000,
  maxPingOut: 2,
  ...(options.credentials ? { authenticator: authenticatorOf(options.credentials) } : {}),
  ...(options.tls ? { tls: { ...options.tls } } : {}),
});

const authenticatorOf = (credentials: NatsCredentials): Authenticator => {
  switch (credentials.kind) {
    case "token":
      return tokenAuthenticator(credentials.token);
    case "user":
      return usernamePasswordAuthenticator(credentials.user, credentials.password);
    case "creds":
      return credsAuthenticator(new TextEncoder().encode(credentials.creds));
    default:
      return nkeyAuthenticator(new TextEncoder().encode(credentials.seed));
  }
};
