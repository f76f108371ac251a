import { expect, it } from "vitest";
import type { Clock } from "../../../core/clock.ts";
import { fabricError, type FabricError } from "../../../core/errors/fabric-error.ts";
import { askAgain } from "./ask-again.ts";

const unreachable = (): FabricError =>
  fabricError("CHAIN_UNREACHABLE", { chain: "local", reason: "HTTP_500" });

/** An endpoint that fails so many times before it answers; `tookMs` passes with each question, pauses pass at once. */
const endpointOf = (failures: readonly FabricError[], tookMs = 0) => {
  let now = 0;
  const pauses: number[] = [];
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sleep: async (milliseconds, options) => {
      options?.signal?.throwIfAborted();
      pauses.push(milliseconds);
      now += milliseconds;
    },
  };
  let asked = 0;
  const left = [...failures];
  const ask = askAgain(
    async () => {
      asked += 1;
      now += tookMs;
      const failure = left.shift();
      if (failure) throw failure;
      return { ok: true, result: "0x1" };
    },
    clock,
    1_000,
  );
  return { ask, pauses, asked: () => asked };
};

it("gets through an endpoint that fails twice", async () => {
  const { ask, asked, pauses } = endpointOf([unreachable(), unreachable()]);
  expect(await ask("eth_blockNumber", [])).toEqual({ ok: true, result: "0x1" });
  expect(asked()).toBe(3);
  expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
});

it("gives up after the third failure", async () => {
  const { ask, asked } = endpointOf([unreachable(), unreachable(), unreachable()]);
  await expect(ask("eth_blockNumber", [])).rejects.toMatchObject({ code: "CHAIN_UNREACHABLE" });
  expect(asked()).toBe(3);
});

it("asks nobody again who was silent until the time limit", async () => {
  const { ask, asked } = endpointOf([unreachable()], 1_000);
  await expect(ask("eth_call", [])).rejects.toMatchObject({ code: "CHAIN_UNREACHABLE" });
  expect(asked()).toBe(1);
});

it("takes another error for an answer", async () => {
  const mismatch = fabricError("CHAIN_MISMATCH", { chain: "local", expected: 1, actual: 2n });
  const { ask, asked } = endpointOf([mismatch]);
  await expect(ask("eth_call", [])).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
  expect(asked()).toBe(1);
});

it("ends with its caller's signal", async () => {
  const { ask, asked } = endpointOf([unreachable()]);
  const reason = new Error("stop");
  const signal = AbortSignal.abort(reason);
  await expect(ask("eth_call", [], { signal })).rejects.toBe(reason);
  expect(asked()).toBe(1);
});
