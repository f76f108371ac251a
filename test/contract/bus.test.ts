import { describe, expect, it } from "vitest";
import type { Message } from "../../src/bus/bus.ts";
import { MAX_PAYLOAD } from "../../src/bus/checks.ts";
import { readDeadLetter } from "../../src/bus/dead-letter.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { createInbox } from "../support/inbox.ts";
import { busContract, bytes, consuming, textOf } from "./bus-contract.ts";

busContract("delivery", ({ home, open, freshStream, withStream }) => {
  describe("publish and consume", () => {
    it("hands over every message in order, with what it carried", async () => {
      const { bus, root, config } = await withStream();
      for (let i = 1; i <= 20; i += 1) {
        const ack = await bus.publish(`${root}.a`, bytes(`m${i}`), { messageId: `id-${i}` });
        expect(ack).toEqual({ stream: config.name, sequence: i, duplicate: false });
      }
      const inbox = createInbox<Message>();
      await consuming(bus, config.name, async (message) => inbox.add(message));
      const got = await inbox.until(20);
      expect(got.map((m) => textOf(m.data))).toEqual(
        Array.from({ length: 20 }, (_, i) => `m${i + 1}`),
      );
      expect(got[2]).toMatchObject({
        stream: config.name,
        sequence: 3,
        subject: `${root}.a`,
        messageId: "id-3",
        deliveries: 1,
        redelivered: false,
      });
    });

    it("hands over what is published while it listens", async () => {
      const { bus, root, config } = await withStream();
      const inbox = createInbox<Message>();
      await consuming(bus, config.name, async (message) => inbox.add(message));
      await bus.publish(`${root}.a`, bytes("1"));
      await inbox.until(1);
      await bus.publish(`${root}.a`, bytes("2"));
      expect((await inbox.until(2)).map((m) => textOf(m.data))).toEqual(["1", "2"]);
      expect(inbox.items[0]?.messageId).toBeNull();
    });

    it("gives each durable its own position, and each its subjects only", async () => {
      const { bus, root, config } = await withStream();
      for (const subject of ["a.x", "b.x", "a.y", "c", "a.x.z"])
        await bus.publish(`${root}.${subject}`, bytes(subject));
      const all = createInbox<string>();
      const some = createInbox<string>();
      await consuming(bus, config.name, async (m) => all.add(textOf(m.data)), { durable: "all" });
      await consuming(bus, config.name, async (m) => some.add(textOf(m.data)), {
        durable: "some",
        filterSubject: `${root}.a.*`,
      });
      expect(await all.until(5)).toEqual(["a.x", "b.x", "a.y", "c", "a.x.z"]);
      expect(await some.until(2)).toEqual(["a.x", "a.y"]);
    });

    it("goes on where it stopped", async () => {
      const { bus, root, config } = await withStream();
      for (const text of ["1", "2", "3"]) await bus.publish(`${root}.a`, bytes(text));
      const first = createInbox<string>();
      const consumption = await consuming(bus, config.name, async (m) => first.add(textOf(m.data)));
      await first.until(3);
      await consumption.stop();
      await bus.publish(`${root}.a`, bytes("4"));
      const second = createInbox<string>();
      await consuming(bus, config.name, async (m) => second.add(textOf(m.data)));
      expect(await second.until(1)).toEqual(["4"]);
    });

    it("handles several at a time when asked to, and never more", async () => {
      const { bus, root, config } = await withStream();
      for (let i = 0; i < 12; i += 1) await bus.publish(`${root}.a`, bytes(String(i)));
      let now = 0;
      let most = 0;
      const inbox = createInbox<number>();
      const gates: (() => void)[] = [];
      const entered = createInbox<number>();
      await consuming(
        bus,
        config.name,
        async () => {
          now += 1;
          most = Math.max(most, now);
          await new Promise<void>((resolve) => {
            gates.push(resolve);
            entered.add(now);
          });
          now -= 1;
          inbox.add(now);
        },
        { maxInFlight: 4 },
      );
      for (let i = 1; i <= 12; i += 1) {
        await entered.until(Math.min(12, i + 3));
        gates[i - 1]?.();
        await inbox.until(i);
      }
      expect(most).toBe(4);
    });
  });

  describe("de-duplication", () => {
    it("stores a message id once, and says so", async () => {
      const { bus, root, config } = await withStream();
      const first = await bus.publish(`${root}.a`, bytes("1"), { messageId: "same" });
      const again = await bus.publish(`${root}.a`, bytes("2"), { messageId: "same" });
      expect(first.duplicate).toBe(false);
      expect(again).toEqual({ ...first, duplicate: true });
      expect(await bus.streamState(config.name)).toMatchObject({ lastSequence: 1, messages: 1 });
    });

    it("holds over a crash and a new connection", async () => {
      const { root, config } = freshStream();
      const before = await home().open();
      await before.ensureStream(config);
      const first = await before.publish(`${root}.a`, bytes("1"), { messageId: "same" });
      await before.close();
      await home().crash();
      const after = await open();
      await after.ensureStream(config);
      const again = await after.publish(`${root}.a`, bytes("1"), { messageId: "same" });
      expect(again).toEqual({ ...first, duplicate: true });
      const next = await after.publish(`${root}.a`, bytes("2"), { messageId: "other" });
      expect(next.sequence).toBe(first.sequence + 1);
    });
  });

  describe("redelivery", () => {
    it("comes again after a throw, and counts", async () => {
      const { bus, root, config } = await withStream();
      await bus.publish(`${root}.a`, bytes("1"));
      const inbox = createInbox<number>();
      await consuming(bus, config.name, async (message) => {
        inbox.add(message.deliveries);
        if (message.deliveries < 3) throw new Error("not yet");
      });
      expect(await inbox.until(3)).toEqual([1, 2, 3]);
    });

    it("comes again when the handler asks for it, before what follows", async () => {
      const { bus, root, config } = await withStream();
      for (const text of ["1", "2"]) await bus.publish(`${root}.a`, bytes(text));
      const inbox = createInbox<string>();
      await consuming(bus, config.name, async (message) => {
        inbox.add(`${textOf(message.data)}/${message.deliveries}`);
        return message.redelivered || textOf(message.data) === "2" ? undefined : { retryInMs: 10 };
      });
      expect(await inbox.until(3)).toEqual(["1/1", "1/2", "2/1"]);
    });

    it("takes a handler that hangs for failed, and tells it", async () => {
      const { bus, root, config } = await withStream();
      await bus.publish(`${root}.a`, bytes("1"));
      const inbox = createInbox<unknown>();
      await consuming(
        bus,
        config.name,
        async (message, { signal }) => {
          if (message.redelivered) {
            inbox.add("again");
            return;
          }
          signal.addEventListener("abort", () =>
            inbox.add((signal.reason as { code: string }).code),
          );
          await new Promise(() => undefined);
        },
        { ackWaitMs: 50 },
      );
      expect(await inbox.until(2)).toEqual(["BUS_HANDLER_TIMEOUT", "again"]);
    });

    it("comes again to the next process when this one dies while handling it", async () => {
      const { root, config } = freshStream();
      const dying = await home().open();
      await dying.ensureStream(config);
      await dying.publish(`${root}.a`, bytes("1"));
      const taken = createInbox<number>();
      await consuming(
        dying,
        config.name,
        async (message) => {
          taken.add(message.deliveries);
          await new Promise(() => undefined);
        },
        { ackWaitMs: 400 },
      );
      await taken.until(1);
      await home().crash();
      const next = await open();
      await next.ensureStream(config);
      const again = createInbox<Message>();
      await consuming(next, config.name, async (message) => again.add(message), {
        ackWaitMs: 400,
      });
      // Not its count: a server that was killed may have forgotten that it handed the message out.
      expect((await again.until(1))[0]).toMatchObject({ sequence: 1 });
      await dying.close({ signal: AbortSignal.abort(new Error("dead")) });
    });
  });

  describe("poison", () => {
    it("is buried after its deliveries, and what follows goes on", async () => {
      const { bus, root, config } = await withStream();
      await bus.publish(`${root}.a`, bytes("poison"), { messageId: "p" });
      await bus.publish(`${root}.a`, bytes("fine"));
      const inbox = createInbox<string>();
      const dead = createInbox<Message>();
      await consuming(bus, `${config.name}_DEAD`, async (m) => dead.add(m), { durable: "dead" });
      await consuming(
        bus,
        config.name,
        async (message) => {
          inbox.add(textOf(message.data));
          if (textOf(message.data) === "poison")
            throw fabricError("ROUND_OUT_OF_ORDER", { feed: "x", expected: 1, round: 2 });
        },
        { maxDeliver: 3 },
      );
      expect(await inbox.until(4)).toEqual(["poison", "poison", "poison", "fine"]);
      const [letter] = await dead.until(1);
      expect(letter && readDeadLetter(letter.data)).toMatchObject({
        stream: config.name,
        consumer: "reader",
        sequence: 1,
        subject: `${root}.a`,
        messageId: "p",
        deliveries: 3,
        reason: "ROUND_OUT_OF_ORDER",
        bytes: bytes("poison"),
      });
    });

    it("is buried at once when the handler says so, however large", async () => {
      const { bus, root, config } = await withStream();
      const large = new Uint8Array(MAX_PAYLOAD).fill(7);
      await bus.publish(`${root}.a`, large);
      const dead = createInbox<Message>();
      await consuming(bus, config.name, async () => ({ deadLetter: "unreadable" }));
      await consuming(bus, `${config.name}_DEAD`, async (m) => dead.add(m), { durable: "dead" });
      const [letter] = await dead.until(1);
      const read = letter && readDeadLetter(letter.data);
      expect(read).toMatchObject({ reason: "unreadable", deliveries: 1 });
      expect(read?.bytes.byteLength).toBe(MAX_PAYLOAD);
    });
  });
});
