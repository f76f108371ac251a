import type { Server } from "node:net";
import type { AddressInfo } from "node:net";

/** A server that listens on loopback. */
export interface BoundServer {
  readonly port: number;
  /** Stops listening and ends every connection. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1; port 0 takes a free one. Rejects with the server's error (`EADDRINUSE`). */
export const listen = (
  server: Server & { closeAllConnections?: () => void },
  port: number,
): Promise<BoundServer> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections?.();
          }),
      });
    });
  });
