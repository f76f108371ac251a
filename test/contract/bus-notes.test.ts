import { EventEmitter, once } from "node:events";
import { describe, expect, it } from "vitest";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { createInbox } from "../support/inbox.ts";
import { busContract, bytes, consuming, textOf } from "./bus-contract.ts";

busContract("notes and close", ({ home, open, freshStream, withStream }) => {
  describe("notes", () => {
    it("are heard by everybody who listens, and by one of each queue group", async () => {
      const bus = await open();
      const { root } = freshStream();
      const inbox = createInbox<string>();
      const hear = (who: string) => (): void => inbox.add(who);
      await bus.subscribe(`${root}.*`, {}, hear("one"));
      await bus.subscribe(`${root}.>`, {}, hear("two"));
      await bus.subscribe(`${root}.a`, { queue: "q" }, hear("q"));
      await bus.subscribe(`${root}.a`, { queue: "q" }, hear("q"));
      await bus.subscribe(`${root}.b`, {}, hear("deaf"));
      bus.notify(`${root}.a`, bytes("1"));
      expect((await inbox.until(3)).toSorted()).toEqual(["one", "q", "two"]);
      bus.notify(`${root}.a`, bytes("2"));
      expect((await inbox.until(6)).filter((who) => who === "q")).toHaveLength(2);
    });

    it("are not heard after stop, and a published message is one", async () => {
      const { bus, root } = await withStream();
      const inbox = createInbox<string>();
      const gone = await bus.subscribe(`${root}.a`, {}, () => inbox.add("gone"));
      await gone.stop();
      await bus.subscribe(`${root}.a`, {}, ({ data }) => {
        inbox.add(textOf(data));
        // An answer to a message that asked nothing goes nowhere.
        return bytes("answer");
      });
      const ack = await bus.publish(`${root}.a`, bytes("published"));
      expect(ack.sequence).toBe(1);
      expect(await inbox.until(1)).toEqual(["published"]);
    });

    it("may throw without harm", async () => {
      const bus = await open();
      const { root } = freshStream();
      const inbox = createInbox<string>();
      await bus.subscribe(`${root}.a`, {}, ({ data }) => {
        inbox.add(textOf(data));
        throw new Error("listener");
      });
      bus.notify(`${root}.a`, bytes("1"));
      await inbox.until(1);
      bus.notify(`${root}.a`, bytes("2"));
      expect(await inbox.until(2)).toEqual(["1", "2"]);
    });
  });

  describe("requests", () => {
    it("get the answer, or the responder's error by its code", async () => {
      const bus = await open();
      const { root } = freshStream();
      await bus.subscribe(`${root}.echo`, { queue: "q" }, ({ data }) => data);
      await bus.subscribe(`${root}.fail`, {}, () => {
        throw fabricError("FEED_UNKNOWN", { feed: "übel" });
      });
      const answer = await bus.request(`${root}.echo`, bytes("hello"), { timeoutMs: 5_000 });
      expect(textOf(answer)).toBe("hello");
      await expect(
        bus.request(`${root}.fail`, bytes("1"), { timeoutMs: 5_000 }),
      ).rejects.toMatchObject({ code: "FEED_UNKNOWN", arguments: { feed: "übel" } });
    });

    it("say when nobody is there, and when nobody answers", async () => {
      const bus = await open();
      const { root } = freshStream();
      await expect(
        bus.request(`${root}.nobody`, bytes("1"), { timeoutMs: 5_000 }),
      ).rejects.toMatchObject({ code: "BUS_NO_RESPONDER" });
      await bus.subscribe(`${root}.silent`, {}, () => undefined);
      await expect(
        bus.request(`${root}.silent`, bytes("1"), { timeoutMs: 50 }),
      ).rejects.toMatchObject({ code: "BUS_REQUEST_TIMEOUT" });
    });
  });

  describe("close", () => {
    it("waits for what runs, then refuses", async () => {
      const bus = await home().open();
      const { root, config } = freshStream();
      await bus.ensureStream(config);
      await bus.publish(`${root}.a`, bytes("1"));
      const entered = createInbox<number>();
      const gate = new EventEmitter();
      let finished = false;
      await consuming(bus, config.name, async () => {
        const released = once(gate, "release");
        entered.add(1);
        await released;
        finished = true;
      });
      await entered.until(1);
      const closing = bus.close();
      gate.emit("release");
      await closing;
      expect(finished).toBe(true);
      expect(bus.status().state).toBe("closed");
      await expect(bus.publish(`${root}.a`, bytes("2"))).rejects.toMatchObject({
        code: "BUS_CLOSED",
      });
      await bus.close();
      const next = await open();
      await next.ensureStream(config);
      await next.publish(`${root}.a`, bytes("2"));
      const inbox = createInbox<string>();
      await consuming(next, config.name, async (m) => inbox.add(textOf(m.data)));
      expect(await inbox.until(1)).toEqual(["2"]);
    });

    it("aborts what runs when it is told not to wait", async () => {
      const bus = await home().open();
      const { root, config } = freshStream();
      await bus.ensureStream(config);
      await bus.publish(`${root}.a`, bytes("1"));
      const entered = createInbox<AbortSignal>();
      await consuming(bus, config.name, async (_, { signal }) => {
        entered.add(signal);
        await new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            reject(signal.reason as Error);
          });
        });
      });
      const [signal] = await entered.until(1);
      await bus.close({ signal: AbortSignal.abort(new Error("now")) });
      expect(signal?.aborted).toBe(true);
    });
  });
});
