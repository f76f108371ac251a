import { expect, onTestFinished, test } from "vitest";
import { readState, writeState } from "./cryptlet-states.ts";
import { openStore } from "./open-store.ts";

const open = async () => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  return store;
};
const bytes = (text: string) => new TextEncoder().encode(text);

test("state is empty at version 0 and counts up with each write", async () => {
  const { db } = await open();
  expect(await readState(db, "gold")).toEqual({ version: 0, body: new Uint8Array() });
  expect(await writeState(db, "gold", 0, bytes("one"), 1)).toBe(true);
  expect(await writeState(db, "gold", 1, bytes("two"), 2)).toBe(true);
  expect(await readState(db, "gold")).toEqual({ version: 2, body: bytes("two") });
  expect((await readState(db, "silver")).version).toBe(0);
});

test.each([0, 1])(
  "of two writers that saw version %i one loses, with nothing changed",
  async (seen) => {
    const store = await open();
    if (seen === 1) await writeState(store.db, "gold", 0, bytes("before"), 1);
    const results = await Promise.all(
      ["a", "b"].map((text) =>
        store.transaction((trx) => writeState(trx, "gold", seen, bytes(text), 2)),
      ),
    );
    expect(results).toEqual([true, false]);
    expect(await readState(store.db, "gold")).toEqual({ version: seen + 1, body: bytes("a") });
  },
);
