import {
  headers,
  NoRespondersError,
  RequestError,
  TimeoutError,
  type Msg,
  type NatsConnection,
} from "@nats-io/transport-node";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { fromWire, toWire } from "../../core/errors/wire.ts";
import type { NoteHandler, RequestOptions, Subscription } from "../bus.ts";
import { withinSignal } from "../../core/within-signal.ts";
import { natsError } from "./nats-error.ts";

/** Marks a request, because a message published to a stream has a reply subject too: the one of its acknowledgement. */
const REQUEST_HEADER = "Cryptlet-Request";
const ERROR_HEADER = "Cryptlet-Error";

/** Listens to a plain subject; resolves when the server has accepted it. Throws `BUS_DENIED`. */
export const subscribeNats = async (
  connection: NatsConnection,
  { subject, queue }: { readonly subject: string; readonly queue: string | undefined },
  handler: NoteHandler,
): Promise<Subscription> => {
  const running = new Set<Promise<void>>();
  let denied: Error | null = null;
  const subscription = connection.subscribe(subject, {
    ...(queue === undefined ? {} : { queue }),
    callback: (error, message) => {
      if (error) {
        denied = error;
        return;
      }
      const work = answer(message, handler);
      running.add(work);
      void (async () => {
        await work;
        running.delete(work);
      })();
    },
  });
  await connection.flush();
  if (denied !== null) throw natsError(denied, { subject });
  return {
    stop: async () => {
      if (!connection.isClosed()) await subscription.drain();
      await Promise.all(running);
    },
  };
};

/** Never throws: what a listener throws goes to the asker, if there is one. */
const answer = async (message: Msg, handler: NoteHandler): Promise<void> => {
  const asked = message.headers?.has(REQUEST_HEADER) === true;
  try {
    const data = await handler({ subject: message.subject, data: message.data });
    if (data && asked) message.respond(data);
  } catch (error) {
    if (!asked) return;
    const wire = headers();
    wire.set(ERROR_HEADER, encodeURIComponent(JSON.stringify(toWire(error))));
    message.respond(undefined, { headers: wire });
  }
};

/** Asks over the server. Throws `BUS_NO_RESPONDER`, `BUS_REQUEST_TIMEOUT` and the responder's own error. */
export const requestNats = async (
  connection: NatsConnection,
  subject: string,
  data: Uint8Array,
  { timeoutMs, signal }: RequestOptions,
): Promise<Uint8Array> => {
  const marked = headers();
  marked.set(REQUEST_HEADER, "1");
  const asking = connection.request(subject, data, { timeout: timeoutMs, headers: marked });
  try {
    const reply = await withinSignal(asking, signal);
    const fault = reply.headers?.get(ERROR_HEADER);
    if (fault) throw fromWire(JSON.parse(decodeURIComponent(fault)));
    return reply.data;
  } catch (error) {
    if (signal?.aborted === true) throw error;
    if (
      error instanceof NoRespondersError ||
      (error instanceof RequestError && error.isNoResponders())
    )
      throw fabricError("BUS_NO_RESPONDER", { subject }, { cause: error });
    if (
      error instanceof TimeoutError ||
      (error instanceof Error && error.cause instanceof TimeoutError)
    )
      throw fabricError("BUS_REQUEST_TIMEOUT", { subject, timeoutMs }, { cause: error });
    throw natsError(error, { subject });
  }
};
