import { describe, expect, it } from "vitest";

import { createOutput } from "../output.ts";
import type { DemoData } from "./demo-data.ts";
import { runDemo } from "./run-demo.ts";

const play = async (providers: "auto" | "live", signal = new AbortController().signal) => {
  let text = "";
  const sink = {
    write: (part: string) => {
      text += part;
    },
  };
  const output = createOutput({
    stdout: sink,
    stderr: sink,
    json: false,
    color: false,
    verbose: false,
    env: {},
  });
  const result = runDemo({
    keep: false,
    providers,
    port: 0,
    verbose: false,
    output,
    signal,
    // As on a machine that reaches the services, where this one must not depend on them.
    decide: async () => "LIVE",
    liveLimitMs: 1,
  });
  return { outcome: await result.catch((error: unknown) => error), text };
};

describe("runDemo where live services were reached", () => {
  it("goes on with the emulator, in a fabric of its own, when they do not answer enough", async () => {
    const { outcome, text } = await play("auto");
    const { data } = outcome as { data: DemoData };
    expect(text).toContain("The demo goes on with the emulator");
    expect(data.rounds.map(({ feed, round }) => `${feed} ${round}`)).toEqual([
      "xau-usd 1",
      "xau-usd 2",
    ]);
    expect(new Set(data.sources.map(({ mode }) => mode))).toEqual(new Set(["EMULATED"]));
    // Both fabrics have contracts of their own.
    expect(data.contracts["feedStore (live)"]).toBeDefined();
    expect(data.contracts["feedStore (live)"]).not.toBe(data.contracts["feedStore"]);
  });
});

it("is over at once when it was interrupted before it began", async () => {
  const reason = new Error("enough");
  const { outcome, text } = await play("auto", AbortSignal.abort(reason));
  expect(outcome).toBeInstanceOf(Error);
  expect(text).toContain("are gone");
});
