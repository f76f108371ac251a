import { MessageChannel } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { createMemoryState } from "../capabilities/state/memory-state.ts";
import type { StateBackend } from "../capabilities/state/state-backend.ts";
import { answerHostAsk, createHostAsker, type HostAsk, type HostReply } from "./host-asks.ts";

/** Both ends over a real port, so that what crosses is cloned. */
const connect = (state: StateBackend | undefined): StateBackend => {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  const asker = createHostAsker((id, ask) => port1.postMessage({ id, ask }));
  port1.on("message", ({ id, reply }: { id: number; reply: HostReply }) => asker.settle(id, reply));
  port2.on("message", ({ id, ask }: { id: number; ask: HostAsk }) => {
    void answerHostAsk(ask, { state }).then((reply) => port2.postMessage({ id, reply }));
  });
  return asker.state;
};
const bytes = (text: string) => new TextEncoder().encode(text);

test("the enclave reads and writes what the host keeps", async () => {
  const backend = createMemoryState();
  const state = connect(backend);
  expect(await state.read("a")).toEqual({ version: 0, body: new Uint8Array() });
  const written = [state.write("a", 0, bytes("x")), state.write("a", 0, bytes("y"))];
  expect(await Promise.all(written)).toEqual([true, false]);
  expect(await state.read("a")).toEqual({ version: 1, body: bytes("x") });
  expect((await backend.read("a")).body).toEqual(bytes("x"));
});

test("a host without storage, or with one that fails, refuses without a word", async () => {
  const failing: StateBackend = {
    read: async () => {
      throw new Error("/var/lib/fabric is full");
    },
    write: async () => {
      throw new Error("/var/lib/fabric is full");
    },
  };
  for (const backend of [undefined, failing]) {
    const state = connect(backend);
    for (const asked of [state.read("a"), state.write("a", 0, bytes(""))]) {
      await expect(asked).rejects.toMatchObject({ code: "ENCLAVE_MESSAGE_INVALID" });
      await expect(asked).rejects.not.toThrow(/var/);
    }
  }
});

test.each<[string, unknown]>([
  ["no version", { body: new Uint8Array() }],
  ["a negative version", { version: -1, body: new Uint8Array() }],
  ["a body that is text", { version: 1, body: "x" }],
  ["a huge body", { version: 1, body: new Uint8Array(4_194_305) }],
  ["a field too many", { version: 1, body: new Uint8Array(), trusted: true }],
  ["nothing", null],
])("%s is not believed", async (_name, stored) => {
  const state = connect({ read: async () => stored as never, write: async () => "yes" as never });
  await expect(state.read("a")).rejects.toMatchObject({ code: "ENCLAVE_MESSAGE_INVALID" });
  await expect(state.write("a", 0, bytes(""))).rejects.toMatchObject({
    code: "ENCLAVE_MESSAGE_INVALID",
  });
});

test("a reply that nobody waits for is nobody's", () => {
  const asker = createHostAsker(() => undefined);
  expect(() => asker.settle(7, { value: 1 })).not.toThrow();
});
