import { createConnection, type Connection, type Target } from "./connection.ts";

// undici's Pool and Agent would do, but do not say which socket carried a request, and the TLS facts are signed.

/** Idle connections that are kept, over all targets. */
const MAX_IDLE = 64;

/** Kept-alive connections by target. */
export interface ConnectionPool {
  /** An idle connection, else a new one. */
  take(target: Target): Connection;
  /** Gives a connection back whose answer was read to its end. */
  giveBack(target: Target, connection: Connection): void;
  /** Ends a connection in whatever state it is. */
  discard(connection: Connection): void;
  /** Ends every connection. */
  close(): Promise<void>;
}

export const createConnectionPool = (): ConnectionPool => {
  const idle: { readonly key: string; readonly connection: Connection }[] = [];
  const all = new Set<Connection>();
  let closed = false;
  const discard = (connection: Connection): void => {
    all.delete(connection);
    connection.destroy().catch(() => {
      // Destroying reports the requests it ends; their callers know already.
    });
  };
  return {
    take: (target) => {
      const key = keyOf(target);
      const at = idle.findLastIndex((entry) => entry.key === key);
      const [found] = at < 0 ? [] : idle.splice(at, 1);
      if (found) return found.connection;
      const connection = createConnection(target);
      all.add(connection);
      return connection;
    },
    giveBack: (target, connection) => {
      if (closed) {
        discard(connection);
        return;
      }
      connection.markUsed();
      idle.push({ key: keyOf(target), connection });
      if (idle.length > MAX_IDLE) {
        const [oldest] = idle.splice(0, 1);
        if (oldest) discard(oldest.connection);
      }
    },
    discard,
    close: async () => {
      closed = true;
      idle.length = 0;
      const open = [...all];
      all.clear();
      await Promise.all(open.map((connection) => connection.destroy().catch(() => {})));
    },
  };
};

const keyOf = ({ host, port, address, addressPort }: Target): string =>
  `${host}:${port}>${address}:${addressPort}`;
