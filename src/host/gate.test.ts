import { describe, expect, it } from "vitest";
import { createGate } from "./gate.ts";

const open = () => new AbortController().signal;
/** Until everything that could go on has gone on. */
const turn = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });
const held = () => {
  let release: () => void = () => {};
  const promise = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { promise, release: () => release() };
};

describe("createGate", () => {
  it("lets so many in, the others in their order", async () => {
    const gate = createGate(2);
    const doors = [held(), held(), held(), held()];
    const seen: number[] = [];
    const works = doors.map(({ promise }, index) =>
      gate.run(
        async () => {
          seen.push(index);
          await promise;
          return index;
        },
        { signal: open() },
      ),
    );
    await turn();
    expect(seen).toEqual([0, 1]);
    doors[1]?.release();
    await works[1];
    await turn();
    expect(seen).toEqual([0, 1, 2]);
    for (const { release } of doors) release();
    expect(await Promise.all(works)).toEqual([0, 1, 2, 3]);
  });

  it("takes who gives up out of the line, and keeps his place for the next", async () => {
    const gate = createGate(1);
    const first = held();
    const running = gate.run(() => first.promise, { signal: open() });
    const impatient = new AbortController();
    const reason = new Error("enough");
    const waiting = gate.run(async () => "never", { signal: impatient.signal });
    const last = gate.run(async () => "last", { signal: open() });
    impatient.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    first.release();
    await running;
    expect(await last).toBe("last");
    await expect(gate.run(async () => 1, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(await gate.run(async () => "free", { signal: open() })).toBe("free");
  });

  it("gives the place back after a fault", async () => {
    const gate = createGate(1);
    await expect(
      gate.run(() => Promise.reject(new Error("x")), { signal: open() }),
    ).rejects.toThrow("x");
    expect(await gate.run(async () => 2, { signal: open() })).toBe(2);
  });
});
