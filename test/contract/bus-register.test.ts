import { describe, expect, it } from "vitest";
import { busContract, bytes, textOf } from "./bus-contract.ts";

busContract("registers", ({ open, withStream }) => {
  describe("the newest message of a subject", () => {
    it("is the one that was stored last, of this subject alone", async () => {
      const { bus, root, config } = await withStream();
      expect(await bus.lastMessage(config.name, `${root}.a`)).toBeNull();
      await bus.publish(`${root}.a`, bytes("one"));
      const second = await bus.publish(`${root}.a`, bytes("two"));
      await bus.publish(`${root}.b`, bytes("other"));
      const last = await bus.lastMessage(config.name, `${root}.a`);
      expect(last?.sequence).toBe(second.sequence);
      expect(textOf(last?.data ?? bytes(""))).toBe("two");
    });

    it("of a stream or a subject that cannot be is refused", async () => {
      const { bus, config } = await withStream();
      await expect(bus.lastMessage("NOT_THERE", "a.b")).rejects.toMatchObject({
        code: "BUS_STREAM_UNKNOWN",
      });
      await expect(bus.lastMessage(config.name, "a.>")).rejects.toMatchObject({
        code: "BUS_SUBJECT_INVALID",
      });
    });
  });

  describe("a publish that expects a sequence", () => {
    it("is stored by the first of two writers that read the same", async () => {
      const { bus, root, config } = await withStream();
      const subject = `${root}.register`;
      await bus.publish(`${root}.other`, bytes("x"));
      const first = await bus.publish(subject, bytes("1"), { expectLastSequence: 0 });
      await expect(
        bus.publish(subject, bytes("1 again"), { expectLastSequence: 0 }),
      ).rejects.toMatchObject({
        code: "BUS_SEQUENCE_DIFFERS",
        arguments: { subject, expected: 0 },
      });
      await bus.publish(`${root}.other`, bytes("y"));
      await bus.publish(subject, bytes("2"), { expectLastSequence: first.sequence });
      const last = await bus.lastMessage(config.name, subject);
      expect(textOf(last?.data ?? bytes(""))).toBe("2");
    });

    it("lets exactly one of many at the same time through", async () => {
      const { bus, root } = await withStream();
      const other = await open();
      const subject = `${root}.race`;
      const tries = [bus, other, bus, other, bus, other].map((each, index) =>
        each.publish(subject, bytes(String(index)), { expectLastSequence: 0 }),
      );
      const results = await Promise.allSettled(tries);
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const result of results)
        if (result.status === "rejected")
          expect(result.reason).toMatchObject({ code: "BUS_SEQUENCE_DIFFERS" });
    });
  });
});
