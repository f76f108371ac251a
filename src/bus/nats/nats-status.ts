import type { NatsConnection } from "@nats-io/transport-node";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { BusStatus } from "../bus.ts";

/** Follows a connection's state; some faults, a denied notification for example, show nowhere else. */
export interface StatusWatch {
  status(): BusStatus;
  onStatus(listener: (status: BusStatus) => void): () => void;
  /** Records a fault for people. */
  fault(reason: string): void;
  /** From now on `closed`, while what runs is finished. */
  closing(): void;
  /** Whether the server is there, also while closing. */
  connected(): boolean;
  /** Aborts with `BUS_UNAVAILABLE` when the server goes away: who waits for its answer waits in vain. */
  present(): AbortSignal;
  /** Resolves when the connection is gone. */
  readonly ended: Promise<void>;
}

/** `reconnected` is called each time the server is back. */
export const watchStatus = (connection: NatsConnection, reconnected: () => void): StatusWatch => {
  const listeners = new Set<(status: BusStatus) => void>();
  let connected = true;
  let closed = false;
  let lastFault = "";
  let presence = new AbortController();

  const status = (): BusStatus => {
    const version = connection.info?.version ?? "unknown";
    const fault = lastFault === "" ? "" : `; last fault: ${lastFault}`;
    return {
      state: closed ? "closed" : connected ? "connected" : "reconnecting",
      detail: `NATS ${version}${fault}`,
    };
  };
  const changed = (): void => {
    for (const listener of listeners) listener(status());
  };
  const fault = (reason: string): void => {
    lastFault = reason;
    changed();
  };

  const follow = async (): Promise<void> => {
    for await (const event of connection.status()) {
      switch (event.type) {
        case "disconnect":
        case "staleConnection":
          connected = false;
          presence.abort(fabricError("BUS_UNAVAILABLE", { reason: "the server went away" }));
          changed();
          break;
        case "reconnect":
          connected = true;
          presence = new AbortController();
          changed();
          reconnected();
          break;
        case "error":
          fault(event.error.message);
          break;
        case "slowConsumer":
          fault("slow consumer");
          break;
        default:
          break;
      }
    }
  };
  const end = async (): Promise<void> => {
    await Promise.all([follow(), connection.closed()]);
    connected = false;
    closed = true;
    changed();
  };

  return {
    status,
    onStatus: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    fault,
    closing: () => {
      closed = true;
    },
    connected: () => connected,
    present: () => presence.signal,
    ended: end(),
  };
};
