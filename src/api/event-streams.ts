import type { ServerResponse } from "node:http";
import { once } from "node:events";
import { fabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import type { Log } from "../core/log.ts";

export interface StreamLimits {
  /** Open streams at once. */
  readonly streams: number;
  /** ms between two comments that keep proxies from closing a quiet stream. */
  readonly heartbeatMs: number;
  /** ms that a reader may leave its socket full before it is cut off. */
  readonly stallMs: number;
}

/** One server-sent event; `data` holds no line end because it is JSON. */
export interface ServerSentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** All open event streams of one API: bounded in number, and closed together on drain. */
export interface EventStreams {
  readonly open: number;
  /**
   * Write events until the source ends, the reader goes or the drain begins. Waits for a full socket, so that a slow
   * reader holds one event and not a queue. Throws `API_STREAMS_EXHAUSTED` before anything was written.
   */
  run(
    response: ServerResponse,
    headers: Readonly<Record<string, string>>,
    source: (signal: AbortSignal) => AsyncIterable<ServerSentEvent>,
  ): void;
  /** Ends every stream and waits until the last byte is handed over. */
  drain(): Promise<void>;
}

export const createEventStreams = (limits: StreamLimits, log: Log): EventStreams => {
  const running = new Set<{ controller: AbortController; done: Promise<void> }>();

  const pump = async (
    response: ServerResponse,
    events: AsyncIterable<ServerSentEvent>,
    signal: AbortSignal,
  ): Promise<void> => {
    let waiting = false;
    const write = async (text: string): Promise<void> => {
      if (response.write(text)) return;
      waiting = true;
      const stalled = AbortSignal.timeout(limits.stallMs);
      await once(response, "drain", { signal: AbortSignal.any([signal, stalled]) });
      waiting = false;
    };
    const heartbeat = setInterval(() => {
      if (!waiting) response.write(":\n\n");
    }, limits.heartbeatMs);
    try {
      await write("retry: 1000\n\n");
      for await (const { id, event, data } of events)
        await write(`id: ${id}\nevent: ${event}\ndata: ${data}\n\n`);
      response.end();
    } catch (error) {
      if (waiting) response.destroy();
      else if (signal.aborted) response.end();
      else {
        log.error("event stream failed", { error });
        response.end(`event: error\ndata: ${JSON.stringify({ error: toWire(error) })}\n\n`);
      }
    } finally {
      clearInterval(heartbeat);
    }
  };

  return {
    get open() {
      return running.size;
    },
    run(response, headers, source) {
      // Whoever hung up meanwhile says so only once: its stream would hold its place for nobody.
      if (response.destroyed) return;
      if (running.size >= limits.streams)
        throw fabricError("API_STREAMS_EXHAUSTED", { limit: limits.streams });
      const controller = new AbortController();
      response.once("close", () => controller.abort());
      response.writeHead(200, headers);
      const entry = { controller, done: Promise.resolve() };
      running.add(entry);
      entry.done = pump(response, source(controller.signal), controller.signal).finally(() => {
        running.delete(entry);
      });
    },
    async drain() {
      const all = [...running];
      for (const { controller } of all) controller.abort();
      await Promise.all(all.map((entry) => entry.done));
    },
  };
};
