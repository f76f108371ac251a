import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { createMemoryBus } from "../bus/memory/memory-bus.ts";
import { systemClock } from "../core/clock.ts";
import type { FabricId } from "../core/ids.ts";
import { silentLog } from "../core/log.ts";
import { createStoreBusLog } from "../store/bus-log.ts";
import { countDeadLetters } from "../store/dead-letters.ts";
import { openStore } from "../store/open-store.ts";
import { createDeadLetterDirectory } from "./dead-letter-directory.ts";
import { startDeadLetterKeeper } from "./dead-letter-keeper.ts";
import { roundStream } from "./round-message.ts";

const FABRIC = "demo" as FabricId;
const { name: STREAM } = roundStream(FABRIC);
const SUBJECT = "cryptlet.demo.round.xau-usd";

const open = async () => {
  const file = path.join(temporaryFolder(), "fabric.db");
  const store = await openStore({ driver: "libsql", file });
  const bus = await createMemoryBus({ log: createStoreBusLog(store) });
  onTestFinished(async () => {
    await bus.close();
    await store.close();
  });
  await bus.ensureStream(roundStream(FABRIC));
  const parts = { store, bus, clock: systemClock, log: silentLog };
  const keep = (host: string | null = null, into = store) =>
    startDeadLetterKeeper({ ...parts, store: into, fabric: FABRIC, host });
  return { store, bus, keep, letters: createDeadLetterDirectory(parts) };
};
type Stage = Awaited<ReturnType<typeof open>>;

/** A consumer that refuses what starts with "bad" until it is mended, and notes what it took. */
const consume = async ({ bus }: Stage, durable: string) => {
  const state = { mended: false, taken: new Array<string>() };
  await bus.consume(
    { stream: STREAM, durable, ackWaitMs: 5_000, maxDeliver: 3 },
    async (message) => {
      const text = Buffer.from(message.data).toString();
      if (text.startsWith("bad") && !state.mended) return { deadLetter: "SIGNATURE_INVALID" };
      state.taken.push(text);
      return undefined;
    },
  );
  return state;
};
const publish = ({ bus }: Stage, text: string) =>
  bus.publish(SUBJECT, Buffer.from(text), { messageId: `id-${text.replaceAll(" ", "-")}` });

describe("a message that a consumer gives up on", () => {
  it("is kept by every host of a quorum", async () => {
    const stage = await open();
    const other = await openStore({ driver: "libsql", file: ":memory:" });
    onTestFinished(() => other.close());
    await consume(stage, "deliver-a");
    const keepers = [await stage.keep("host-a"), await stage.keep("host-b", other)];
    for (const text of ["bad 1", "bad 2", "bad 3"]) await publish(stage, text);
    for (const { db } of [stage.store, other])
      await expect.poll(() => countDeadLetters(db)).toBe(3);
    for (const keeper of keepers) await keeper.stop();
  });

  it("is kept with its reason, holds up nobody, and is taken when it is put back", async () => {
    const stage = await open();
    const broken = await consume(stage, "deliver-a");
    const whole = await consume(stage, "deliver-b");
    whole.mended = true;
    await stage.keep();
    for (const text of ["good 1", "bad 2", "good 3"]) await publish(stage, text);
    await expect.poll(() => countDeadLetters(stage.store.db)).toBe(1);
    await expect.poll(() => broken.taken).toEqual(["good 1", "good 3"]);

    const [letter] = await stage.letters.list({ waiting: true, limit: 9 });
    expect(letter).toMatchObject({
      id: `${STREAM}:deliver-a:2`,
      consumer: "deliver-a",
      reason: "SIGNATURE_INVALID",
      subject: SUBJECT,
      messageId: "id-bad-2",
      bytes: 5,
      replays: 0,
      replayedAt: null,
    });

    broken.mended = true;
    const replayed = await stage.letters.replay(`${STREAM}:deliver-a:2`);
    expect(replayed).toMatchObject({ replays: 1, replayedAt: expect.any(Number) as number });
    await expect.poll(() => broken.taken).toEqual(["good 1", "good 3", "bad 2"]);
    expect(await stage.letters.list({ waiting: true, limit: 9 })).toEqual([]);
    expect(await stage.letters.list({ limit: 9 })).toHaveLength(1);
  });

  it("comes back as a letter of its own when it is put back too early", async () => {
    const stage = await open();
    await consume(stage, "deliver-a");
    await stage.keep();
    await publish(stage, "bad");
    await expect.poll(() => countDeadLetters(stage.store.db)).toBe(1);
    await stage.letters.replay(`${STREAM}:deliver-a:1`);
    await expect.poll(() => stage.letters.list({ limit: 9 })).toHaveLength(2);
    const [again] = await stage.letters.list({ waiting: true, limit: 9 });
    expect(again?.id).toBe(`${STREAM}:deliver-a:2`);
  });

  it("is kept once by a keeper that starts again, and waits for one that is not there", async () => {
    const stage = await open();
    await consume(stage, "deliver-a");
    await publish(stage, "bad");
    const first = await stage.keep();
    await expect.poll(() => countDeadLetters(stage.store.db)).toBe(1);
    await first.stop();
    await publish(stage, "bad again");
    const dead = `${STREAM}_DEAD`;
    await expect.poll(async () => (await stage.bus.streamState(dead)).messages).toBe(2);
    expect(await countDeadLetters(stage.store.db)).toBe(1);
    await stage.keep();
    await expect.poll(() => countDeadLetters(stage.store.db)).toBe(2);
  });

  it("does not end the keeper when a stranger writes into the stream of dead letters", async () => {
    const stage = await open();
    await consume(stage, "deliver-a");
    await stage.keep();
    const bury = (letter: unknown) =>
      stage.bus.publish(`dead.${STREAM}.stranger`, Buffer.from(JSON.stringify(letter)));
    await bury("no letter");
    const letter = {
      stream: STREAM,
      consumer: "stranger",
      sequence: 7,
      subject: "cryptlet.demo.round.xau-usd",
      messageId: null,
      deliveries: 1,
      reason: "X",
      at: 1,
      data: "",
    };
    // A replay would publish there for whoever wrote the letter.
    await bury({ ...letter, subject: "cryptlet.other.round.xau-usd" });
    await bury({ ...letter, stream: "OTHER" });
    await publish(stage, "bad");
    await expect.poll(() => countDeadLetters(stage.store.db)).toBe(1);
    const [kept] = await stage.letters.list({ limit: 9 });
    expect(kept?.consumer).toBe("deliver-a");
  });

  it("is unknown under any other id", async () => {
    const { letters } = await open();
    const unknown = { code: "DEAD_LETTER_UNKNOWN" };
    await expect(letters.get("A:b:1")).rejects.toMatchObject(unknown);
    await expect(letters.replay("A:b:1")).rejects.toMatchObject(unknown);
  });
});
