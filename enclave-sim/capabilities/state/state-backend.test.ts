import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../src/core/clock.ts";
import { createStoredStates } from "../../../src/host/open-enclave.ts";
import { openStore } from "../../../src/store/open-store.ts";
import { createMemoryState } from "./memory-state.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const openDatabase = async () => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  return createStoredStates(store, systemClock);
};
const drivers = [
  ["in memory", () => createMemoryState()],
  ["in the database", () => openDatabase()],
] as const;

describe.each(drivers)("a state backend %s", (_name, create) => {
  test("has nothing at version 0, and then what was written last", async () => {
    const backend = await create();
    expect(await backend.read("a")).toEqual({ version: 0, body: new Uint8Array() });
    for (const version of [0, 1, 2])
      expect(await backend.write("a", version, bytes(`body ${version + 1}`))).toBe(true);
    expect(await backend.read("a")).toEqual({ version: 3, body: bytes("body 3") });
    expect((await backend.read("b")).version).toBe(0);
  });

  test("takes a version once, whoever asks", async () => {
    const backend = await create();
    await backend.write("a", 0, bytes("first"));
    const writers = Array.from({ length: 12 }, (_, n) => backend.write("a", 1, bytes(`${n}`)));
    const won = (await Promise.all(writers)).flatMap((taken, n) => (taken ? [n] : []));
    expect(won).toHaveLength(1);
    expect(await backend.read("a")).toEqual({ version: 2, body: bytes(`${won[0]}`) });
    for (const stale of [0, 1, 3, 99])
      expect(await backend.write("a", stale, bytes("x"))).toBe(false);
    expect((await backend.read("a")).version).toBe(2);
  });

  test("keeps scopes apart, whatever their names are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.stringMatching(/^[ -~]{1,60}$/), { minLength: 2, maxLength: 4 }),
        async (scopes) => {
          const backend = await create();
          for (const scope of scopes) await backend.write(scope, 0, bytes(scope));
          for (const scope of scopes)
            expect(await backend.read(scope)).toEqual({ version: 1, body: bytes(scope) });
        },
      ),
      { numRuns: 20 },
    );
  });
});
