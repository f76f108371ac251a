import { describe, expect, it } from "vitest";
import type { MessageHandler } from "../../src/bus/bus.ts";
import { MAX_PAYLOAD } from "../../src/bus/checks.ts";
import { busContract, bytes } from "./bus-contract.ts";

const none: MessageHandler = async () => undefined;

busContract("refusals", ({ open, freshStream, withStream }) => {
  describe("streams", () => {
    it("are made once, and found as they were asked for", async () => {
      const { bus, config } = await withStream();
      await bus.ensureStream(config);
      const state = await bus.streamState(config.name);
      expect(state).toMatchObject({ lastSequence: 0, messages: 0 });
      expect(state.createdAt).toBeGreaterThan(1_700_000_000_000);
    });

    it("that exist with other settings are named with the differences", async () => {
      const { bus, config } = await withStream();
      const other = { ...config, maxAgeMs: 7_200_000 };
      await expect(bus.ensureStream(other)).rejects.toMatchObject({
        code: "BUS_STREAM_CONFIG_DIFFERS",
        arguments: { stream: config.name },
      });
    });

    it("may not take each other's subjects", async () => {
      const { bus, root } = await withStream();
      const { config: other } = freshStream();
      await expect(bus.ensureStream({ ...other, subjects: [`${root}.a`] })).rejects.toMatchObject({
        code: "BUS_STREAM_INVALID",
      });
    });

    it.each([
      ["a name in small letters", { name: "feeds" }],
      ["a name with a dot", { name: "A.B" }],
      ["no subject", { subjects: [] }],
      ["the bus's own subjects", { subjects: ["dead.x"] }],
      ["subjects that overlap", { subjects: ["a.*", "a.b"] }],
      ["a window longer than the age", { maxAgeMs: 1_000, duplicateWindowMs: 2_000 }],
      ["a number that is none", { maxAgeMs: Number.NaN }],
    ])("are refused with %s", async (_, change) => {
      const bus = await open();
      const { config } = freshStream();
      await expect(bus.ensureStream({ ...config, ...change })).rejects.toMatchObject({
        code: "BUS_STREAM_INVALID",
      });
    });

    it("that are missing are named", async () => {
      const bus = await open();
      await expect(bus.streamState("NOWHERE")).rejects.toMatchObject({
        code: "BUS_STREAM_UNKNOWN",
      });
      await expect(
        bus.consume(
          { stream: "NOWHERE", durable: "a", ackWaitMs: 100, maxDeliver: 1 },
          async () => {},
        ),
      ).rejects.toMatchObject({ code: "BUS_STREAM_UNKNOWN" });
      await expect(bus.publish("nowhere.at.all", bytes("1"))).rejects.toMatchObject({
        code: "BUS_STREAM_MISSING",
      });
    });
  });

  describe("what is refused", () => {
    it.each(["", "a..b", "a.*", "a.>", "a b", "x\r\nPUB y 0", "$JS.API.INFO"])(
      "subject %j",
      async (subject) => {
        const bus = await open();
        await expect(bus.publish(subject, bytes("1"))).rejects.toMatchObject({
          code: "BUS_SUBJECT_INVALID",
        });
        expect(() => bus.notify(subject, bytes("1"))).toThrow(
          expect.objectContaining({ code: "BUS_SUBJECT_INVALID" }),
        );
      },
    );

    it("a message that is too large, and a message id that is none", async () => {
      const { bus, root } = await withStream();
      const large = new Uint8Array(MAX_PAYLOAD + 1);
      await expect(bus.publish(`${root}.a`, large)).rejects.toMatchObject({
        code: "BUS_PAYLOAD_TOO_LARGE",
      });
      for (const messageId of ["", "a b", "a\r\nX: y", "x".repeat(201)])
        await expect(bus.publish(`${root}.a`, bytes("1"), { messageId })).rejects.toMatchObject({
          code: "BUS_MESSAGE_ID_INVALID",
        });
    });

    it("a consumer with nonsense, or with another filter than it had", async () => {
      const { bus, root, config } = await withStream();
      const base = { stream: config.name, durable: "a", ackWaitMs: 100, maxDeliver: 1 };
      for (const change of [
        { durable: "A B" },
        { ackWaitMs: 0 },
        { maxDeliver: 0 },
        { maxInFlight: 0 },
      ])
        await expect(bus.consume({ ...base, ...change }, none)).rejects.toMatchObject({
          code: "BUS_CONSUMER_INVALID",
        });
      await expect(bus.consume({ ...base, filterSubject: "a..b" }, none)).rejects.toMatchObject({
        code: "BUS_SUBJECT_INVALID",
      });
      const first = await bus.consume({ ...base, filterSubject: `${root}.a` }, none);
      await first.stop();
      const other = bus.consume({ ...base, filterSubject: `${root}.b` }, none);
      await expect(other).rejects.toMatchObject({ code: "BUS_CONSUMER_CONFIG_DIFFERS" });
    });

    it("work whose signal was aborted", async () => {
      const { bus, root } = await withStream();
      const signal = AbortSignal.abort(new Error("changed my mind"));
      await expect(bus.publish(`${root}.a`, bytes("1"), { signal })).rejects.toThrow(
        "changed my mind",
      );
    });
  });
});
