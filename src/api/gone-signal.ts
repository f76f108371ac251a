import type { FastifyReply } from "fastify";

/** Aborts when whoever asked has gone, or when `closing` does: nobody waits on for an answer that none will read. */
export const goneSignal = (reply: FastifyReply, closing: AbortSignal): AbortSignal => {
  const gone = new AbortController();
  const end = () => {
    closing.removeEventListener("abort", end);
    gone.abort();
  };
  // One listener instead of AbortSignal.any, whose entries on a long-lived signal Node 20 never drops.
  closing.addEventListener("abort", end, { once: true });
  reply.raw.once("close", end);
  if (closing.aborted) end();
  return gone.signal;
};
