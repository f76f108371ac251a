import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { applyOnce, pruneApplied } from "./apply-once.ts";
import { openStore } from "./open-store.ts";
import type { Store } from "./store.ts";
import { moveCursor, readCursor } from "./trigger-cursors.ts";

const open = async (): Promise<Store> => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  return store;
};
const apply = (
  store: Store,
  sequence: number,
  messageId: string | null = null,
  consumer = "evm",
): Promise<boolean> =>
  store.transaction((trx) =>
    applyOnce(trx, { stream: "FEEDS", consumer, sequence, messageId }, sequence, async () => {
      const count = Number((await readCursor(trx, "count")) ?? "0");
      await moveCursor(trx, "count", String(count + 1), 1);
    }),
  );

describe("applyOnce", () => {
  it("applies each message once, in whatever order and however often it comes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 20 })), async (sequences) => {
        const store = await openStore({ driver: "libsql", file: ":memory:" });
        for (const sequence of sequences) await apply(store, sequence);
        const count = Number((await readCursor(store.db, "count")) ?? "0");
        expect(count).toBe(new Set(sequences).size);
        await store.close();
      }),
      { numRuns: 30 },
    );
  });

  it("does not mark what failed", async () => {
    const store = await open();
    const message = { stream: "FEEDS", consumer: "evm", sequence: 1, messageId: null };
    const failing = store.transaction((trx) =>
      applyOnce(trx, message, 1, async () => {
        throw new Error("effect");
      }),
    );
    await expect(failing).rejects.toThrow("effect");
    expect(await apply(store, 1)).toBe(true);
    expect(await apply(store, 1)).toBe(false);
  });

  it("keeps consumers apart", async () => {
    const store = await open();
    expect(await apply(store, 1, null, "evm")).toBe(true);
    expect(await apply(store, 1, null, "ledger")).toBe(true);
  });

  it("knows a message by its id when the bus gives its sequence to another one", async () => {
    const store = await open();
    expect(await apply(store, 7, "cryptlet:gold:7")).toBe(true);
    expect(await apply(store, 7, "cryptlet:gold:8")).toBe(true);
    expect(await apply(store, 9, "cryptlet:gold:7")).toBe(false);
  });

  it("forgets by age", async () => {
    const store = await open();
    await apply(store, 1);
    await apply(store, 5);
    expect(await pruneApplied(store.db, 5)).toBe(1);
    expect(await apply(store, 5)).toBe(false);
    expect(await apply(store, 1)).toBe(true);
  });
});
