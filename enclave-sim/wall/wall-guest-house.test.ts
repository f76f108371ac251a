import { afterEach, describe, expect, test } from "vitest";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import { fromWire } from "../../src/core/errors/wire.ts";
import { handling } from "../../test/support/guest-fixture.ts";
import { startThreadGuest } from "../host/thread-guest.ts";
import type { Guest, GuestAnswer, RunBounds } from "../host/guest.ts";
import type { GuestHouse } from "../host/guest-house.ts";
import type { GuestProgram } from "../protocol/guest-messages.ts";
import { haveWall } from "../../test/support/wall.ts";
import { encodeSnapshot } from "./snapshot-codec.ts";
import { createWallGuestHouse } from "./wall-guest-house.ts";

const limits = { memoryBytes: 16_777_216, maxFuel: 100_000, outcomeCharacters: 1_000 };
const WALL_LIMITS = {
  memoryBytes: 1_073_741_824,
  processes: 64,
  files: 64,
  temporaryBytes: 0,
};
const never = new AbortController().signal;
const bounds = { timeoutMs: 5_000, signal: never };
const houses: GuestHouse[] = [];
afterEach(async () => {
  await Promise.all(houses.splice(0).map((house) => house.close()));
});
const open = (): GuestHouse => {
  const house = createWallGuestHouse(WALL_LIMITS);
  houses.push(house);
  return house;
};
const build = async (guest: Guest, body: string): Promise<GuestProgram> => {
  const code = Buffer.from(handling(body));
  const snapshot = await guest.build({ lane: "js", code, cryptlet: "probe", limits }, bounds);
  return { id: body, snapshot, limits };
};
/** Everything of a snapshot; a digest where it is long. */
const contentOf = ({ snapshot }: GuestProgram) => {
  const { header, parts } = encodeSnapshot(snapshot);
  return { header, parts: parts.map((part) => digestOf(part)) };
};
const run = (
  guest: Guest,
  program: GuestProgram,
  change: Partial<RunBounds> = {},
): Promise<GuestAnswer> =>
  guest.run(
    program,
    { triggerText: "{}", seed: "00".repeat(32), at: 0 },
    { ...bounds, answer: async (text) => text, ...change },
  );

describe.runIf(await haveWall("guests behind the wall"))("guests behind the wall", () => {
  test("check signatures, with code that they load when they first need it", async () => {
    const guest = open().start();
    const call = { op: "pure.verify", suite: "ed25519", publicKey: "00", signature: "", text: "" };
    const program = await build(
      guest,
      `return __hostCall(${JSON.stringify(JSON.stringify(call))})`,
    );
    expect((await run(guest, program)).text).toBe('{"ok":false}');
  });

  test("run as they do in the enclave's own process, byte for byte", async () => {
    const body = `return [1, 2, 3].map((n) => __hostCall("q€" + n)).join() + Math.random()`;
    const inside = open().start();
    const outside = startThreadGuest(fromWire);
    const [walled, free] = [await build(inside, body), await build(outside, body)];
    expect(contentOf(walled)).toEqual(contentOf(free));
    expect(await run(inside, walled)).toEqual(await run(outside, free));
    expect([inside.wall, outside.wall]).toEqual(["bubblewrap+seccomp", "none"]);
    await outside.close();
  });

  test("several live in one process, and its end is the end of all", async () => {
    const house = open();
    const [first, second] = [house.start(), house.start()];
    const program = await build(first, `return __hostCall("q")`);
    const answers = [run(first, program), run(second, program)];
    await expect(Promise.all(answers)).resolves.toMatchObject([{ text: "q" }, { text: "q" }]);
    const waiting = run(second, program, { answer: () => new Promise(() => {}) });
    await Promise.all([
      house.close(),
      expect(waiting).rejects.toMatchObject({ code: "GUEST_CRASHED" }),
    ]);
    expect([house.alive, first.alive, second.alive]).toEqual([false, false, false]);
    await expect(run(first, program)).rejects.toMatchObject({ code: "GUEST_CRASHED" });
  });

  test("a native loop costs the guest its thread, and its neighbour nothing", async () => {
    const house = open();
    const [bad, good] = [house.start(), house.start()];
    const loop = await build(bad, `return new Array(4e8).join("")`);
    const fine = await build(good, `return "x"`);
    await expect(run(bad, loop, { timeoutMs: 50 })).rejects.toMatchObject({ code: "RUN_DEADLINE" });
    await expect(run(good, fine)).resolves.toMatchObject({ text: "x" });
    expect([bad.alive, good.alive, house.alive]).toEqual([false, true, true]);
  });

  test("an engine's refusal, an abort and a refused call end the run with their codes", async () => {
    const guest = open().start();
    const program = await build(guest, `const a = __hostCall("q"); throw new Error(a)`);
    await expect(run(guest, program)).rejects.toMatchObject({ code: "GUEST_THREW" });
    const refused = () => Promise.reject(fabricError("HOST_CALL_LIMIT", { limit: 1 }));
    await expect(run(guest, program, { answer: refused })).rejects.toMatchObject({
      code: "HOST_CALL_LIMIT",
    });
    const controller = new AbortController();
    const answer = () => {
      controller.abort();
      return new Promise<string>(() => {});
    };
    await expect(run(guest, program, { answer, signal: controller.signal })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    await expect(run(guest, program)).rejects.toMatchObject({ code: "GUEST_THREW" });
  });

  test("a bundle that does not start is refused inside as outside", async () => {
    await expect(build(open().start(), `}`)).rejects.toMatchObject({
      code: "CRYPTLET_INIT_FAILED",
    });
  });
});
