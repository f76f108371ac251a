import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";

import { KEY_STEP_MS, listenForKeys } from "./dev-keys.ts";

const terminal = (isTTY: boolean) => {
  const modes: boolean[] = [];
  const input = Object.assign(new EventEmitter(), {
    isTTY,
    setRawMode: (mode: boolean) => modes.push(mode),
    resume: () => {},
    pause: () => {},
  });
  return { input, modes, type: (keys: string) => input.emit("data", Buffer.from(keys)) };
};

const controls = () => {
  const done: string[] = [];
  return {
    done,
    run: async () => void done.push("run"),
    moveClock: async ({ advanceMs = 0 }: { readonly advanceMs?: number | undefined }) =>
      void done.push(`+${advanceMs}`),
    stop: () => void done.push("stop"),
  };
};

describe("listenForKeys", () => {
  it("runs, moves the clock, ends, and gives the terminal back", () => {
    const { input, modes, type } = terminal(true);
    const { done, ...acts } = controls();
    const end = listenForKeys(input, acts, () => {});
    type("r");
    type("+x\u001b[A");
    type("q");
    type("\u0003");
    expect(done).toEqual(["run", `+${KEY_STEP_MS}`, "stop", "stop"]);
    end();
    type("r");
    expect(done).toHaveLength(4);
    expect(modes).toEqual([true, false]);
  });

  it("tells what a key led to, and a paste is no flood", async () => {
    const { input, type } = terminal(true);
    const faults: unknown[] = [];
    const failing = { ...controls(), run: () => Promise.reject(new Error("refused")) };
    listenForKeys(input, failing, (error) => faults.push(error));
    type("r".repeat(1_000));
    await Promise.resolve();
    await Promise.resolve();
    expect(faults).toHaveLength(16);
  });

  it("leaves a pipe alone", () => {
    const { input, modes, type } = terminal(false);
    const { done, ...acts } = controls();
    listenForKeys(input, acts, () => {});
    type("q");
    expect([done, modes]).toEqual([[], []]);
  });
});
