import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HostCall } from "../../../src/sdk/abi.ts";
import { createStateCalls, type StateCalls } from "./create-state-calls.ts";
import { compareKeys } from "./state-bytes.ts";
import type { StateStore } from "./state-store.ts";

const quota = { maxBytes: 100, maxKeys: 4 };
const context = { signal: new AbortController().signal, nextReference: () => 1 };
const storeOf = (record: Record<string, string>): StateStore => ({
  open: async () => ({ version: 7, entries: new Map(Object.entries(record)) }),
  apply: async () => undefined,
});
type StateCall = Extract<HostCall, { op: `state.${string}` }>;
const ask = async (calls: StateCalls, call: StateCall) => (await calls.perform(call, context)).ok;
const start = (record: Record<string, string> = {}, readOnly = false) =>
  createStateCalls(quota, storeOf(record), readOnly);

test("a run sees its own changes over what was there, and nothing is applied here", async () => {
  const calls = start({ a: "1", b: "2" });
  expect(await ask(calls, { op: "state.get", key: "a" })).toBe("1");
  expect(await ask(calls, { op: "state.get", key: "none" })).toBeNull();
  expect(calls.change()).toBeNull();
  expect(await ask(calls, { op: "state.put", key: "c", value: "3" })).toBeNull();
  expect(await ask(calls, { op: "state.delete", key: "a" })).toBeNull();
  expect(await ask(calls, { op: "state.get", key: "a" })).toBeNull();
  expect(await ask(calls, { op: "state.list", prefix: "", after: null, limit: 9 })).toEqual([
    "b",
    "c",
  ]);
  expect(calls.change()).toEqual({
    from: 7,
    entries: new Map([
      ["b", "2"],
      ["c", "3"],
    ]),
  });
});

test("what is put back as it was is no change", async () => {
  const calls = start({ a: "1" });
  await ask(calls, { op: "state.put", key: "a", value: "2" });
  expect(calls.change()).not.toBeNull();
  await ask(calls, { op: "state.put", key: "a", value: "1" });
  expect(calls.change()).toBeNull();
});

test("a run that never asked has no change and read nothing", () => {
  let opened = 0;
  const store: StateStore = {
    ...storeOf({}),
    open: async () => {
      opened += 1;
      return { version: 0, entries: new Map() };
    },
  };
  expect(createStateCalls(quota, store, false).change()).toBeNull();
  expect(opened).toBe(0);
});

test("every key of a prefix is listed once, page by page, in the order of its code points", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 }), {
        maxLength: 12,
      }),
      fc.integer({ min: 1, max: 5 }),
      async (keys, limit) => {
        const calls = start(Object.fromEntries(keys.map((key) => [`k${key}`, ""])));
        const listed: string[] = [];
        for (let after: string | null = null; ;) {
          const page = (await ask(calls, {
            op: "state.list",
            prefix: "k",
            after,
            limit,
          })) as readonly string[];
          listed.push(...page);
          after = page.at(-1) ?? null;
          if (page.length < limit) break;
        }
        expect(listed).toEqual(keys.map((key) => `k${key}`).toSorted(compareKeys));
      },
    ),
  );
});

describe("the quota", () => {
  test("counts the bytes of keys and values, and is the same after a delete", async () => {
    const calls = start();
    const put = (key: string, size: number) =>
      ask(calls, { op: "state.put", key, value: "x".repeat(size) });
    await put("a", 99);
    await expect(put("a", 100)).rejects.toMatchObject({
      code: "STATE_QUOTA",
      arguments: { unit: "bytes", size: 101, limit: 100 },
    });
    await expect(put("b", 0)).rejects.toMatchObject({ code: "STATE_QUOTA" });
    await ask(calls, { op: "state.delete", key: "a" });
    await put("é", 98);
    await expect(put("é", 99)).rejects.toMatchObject({ code: "STATE_QUOTA" });
    expect(await ask(calls, { op: "state.get", key: "é" })).toBe("x".repeat(98));
  });

  test("counts keys", async () => {
    const calls = start();
    for (const key of ["a", "b", "c", "d", "a"])
      await ask(calls, { op: "state.put", key, value: "" });
    await expect(ask(calls, { op: "state.put", key: "e", value: "" })).rejects.toMatchObject({
      code: "STATE_QUOTA",
      arguments: { unit: "keys", limit: 4 },
    });
  });
});

test("who was called by another Cryptlet reads and does not write", async () => {
  const calls = start({ a: "1" }, true);
  expect(await ask(calls, { op: "state.get", key: "a" })).toBe("1");
  for (const call of [
    { op: "state.put", key: "a", value: "2" },
    { op: "state.delete", key: "a" },
  ] as const)
    await expect(ask(calls, call)).rejects.toMatchObject({ code: "STATE_READ_ONLY" });
  expect(calls.change()).toBeNull();
});

test("a storage that was away for one call may be there for the next", async () => {
  let failing = true;
  const store: StateStore = {
    ...storeOf({ a: "1" }),
    open: async () => {
      if (failing) throw new Error("away");
      return { version: 1, entries: new Map([["a", "1"]]) };
    },
  };
  const calls = createStateCalls(quota, store, false);
  await expect(ask(calls, { op: "state.get", key: "a" })).rejects.toThrow("away");
  failing = false;
  expect(await ask(calls, { op: "state.get", key: "a" })).toBe("1");
});

test.each([
  ["an empty key", { op: "state.get", key: "" }],
  ["a long key", { op: "state.get", key: "x".repeat(257) }],
  ["half a surrogate pair", { op: "state.put", key: "\ud800", value: "" }],
  ["half a surrogate pair as value", { op: "state.put", key: "a", value: "a\udfff" }],
  ["a value that is no text", { op: "state.put", key: "a", value: 1 }],
  ["a field too many", { op: "state.get", key: "a", version: 1 }],
  ["no limit", { op: "state.list", prefix: "", after: null }],
  ["too high a limit", { op: "state.list", prefix: "", after: null, limit: 257 }],
])("%s is no call", (_name, call) => {
  const { calls } = start();
  expect(calls[call.op as keyof typeof calls].safeParse(call).success).toBe(false);
});
