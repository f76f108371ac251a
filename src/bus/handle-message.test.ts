import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fabricError } from "../core/errors/fabric-error.ts";
import { createManualClock } from "../core/manual-clock.ts";
import type { Message, MessageHandler } from "./bus.ts";
import { handleMessage, redeliverAfter, retryPause } from "./handle-message.ts";

const message = (deliveries: number): Message => ({
  stream: "S",
  sequence: 1,
  subject: "a",
  messageId: null,
  data: new Uint8Array(),
  deliveries,
  redelivered: deliveries > 1,
});
const options = { durable: "reader", ackWaitMs: 1_000, maxDeliver: 3 };
const { signal } = new AbortController();
const handle = (handler: MessageHandler, deliveries = 1) =>
  handleMessage(message(deliveries), handler, options, { clock: createManualClock(), signal });
const failing: MessageHandler = () => {
  throw fabricError("FEED_UNKNOWN", { feed: "x" });
};

describe("handleMessage", () => {
  it.each<[string, MessageHandler, number, object]>([
    ["nothing returned", async () => undefined, 1, { kind: "ack" }],
    ["a retry", async () => ({ retryInMs: 7 }), 1, { kind: "retry", inMs: 7 }],
    ["a retry in the past", async () => ({ retryInMs: -7 }), 1, { kind: "retry", inMs: 0 }],
    ["the last retry", async () => ({ retryInMs: 7 }), 3, { kind: "dead" }],
    ["a refusal", async () => ({ deadLetter: "no" }), 1, { kind: "dead", reason: "no" }],
    ["a throw", failing, 2, { kind: "retry", inMs: 200 }],
    ["the last throw", failing, 3, { kind: "dead", reason: "FEED_UNKNOWN" }],
    ["a throw of something else", () => Promise.reject(new Error("x")), 3, { reason: "INTERNAL" }],
    ["success at the last delivery", async () => undefined, 3, { kind: "ack" }],
  ])("turns %s into a verdict", async (_, handler, deliveries, verdict) => {
    expect(await handle(handler, deliveries)).toMatchObject(verdict);
  });

  it("does not try again what was handed out too often without a verdict", async () => {
    let called = false;
    const verdict = await handle(async () => {
      called = true;
    }, 4);
    expect(verdict.kind).toBe("dead");
    expect(called).toBe(false);
  });

  it("ends a handler that takes too long, by its signal", async () => {
    const clock = createManualClock();
    let reason: unknown;
    const verdict = handleMessage(
      message(1),
      async (_, context) => {
        context.signal.addEventListener("abort", () => {
          reason = context.signal.reason;
        });
        await new Promise(() => undefined);
      },
      options,
      { clock, signal },
    );
    await clock.advance(1_000);
    expect(await verdict).toMatchObject({ kind: "retry" });
    expect(reason).toMatchObject({ code: "BUS_HANDLER_TIMEOUT" });
  });

  it("leaves no timer behind", async () => {
    const clock = createManualClock();
    await handleMessage(message(1), async () => undefined, options, { clock, signal });
    expect(clock.sleepers).toBe(0);
  });

  it("does not count it against a message that its handler was told to stop", async () => {
    const stopped = AbortSignal.abort(new Error("stop"));
    const verdict = await handleMessage(message(3), failing, options, {
      clock: createManualClock(),
      signal: stopped,
    });
    expect(verdict).toEqual({ kind: "retry", inMs: 0 });
  });
});

describe("pauses", () => {
  it("grow, but not for ever", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (deliveries) => {
        const pause = retryPause(deliveries);
        expect(pause).toBeGreaterThanOrEqual(100);
        expect(pause).toBeLessThanOrEqual(30_000);
        expect(retryPause(deliveries + 1)).toBeGreaterThanOrEqual(pause);
      }),
    );
  });

  it("of a dead process are a little longer than a handler may take", () => {
    expect(redeliverAfter(10)).toBe(20);
    expect(redeliverAfter(60_000)).toBe(61_000);
  });
});
