import { EventEmitter, once } from "node:events";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { openStore } from "./open-store.ts";
import type { Store } from "./store.ts";
import { moveCursor, readCursor } from "./trigger-cursors.ts";

const open = async (): Promise<Store> => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  return store;
};

describe("transaction", () => {
  it("gives the result of the work", async () => {
    const store = await open();
    expect(await store.transaction(async () => 42)).toBe(42);
  });

  it("undoes a work that throws, alone, whatever shares its commit", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 150 }), async (fates) => {
        const store = await openStore({ driver: "libsql", file: ":memory:" });
        const results = await Promise.allSettled(
          fates.map((fails, i) =>
            store.transaction(async (trx) => {
              await moveCursor(trx, `cursor-${i}`, "1", i);
              if (fails) throw new Error(`fault ${i}`);
              return i;
            }),
          ),
        );
        expect(results.map((r) => r.status === "rejected")).toEqual(fates);
        for (const [i, fails] of fates.entries())
          expect(await readCursor(store.db, `cursor-${i}`)).toBe(fails ? null : "1");
        await store.close();
      }),
      { numRuns: 25 },
    );
  });

  it("lets a later work of the same commit see an earlier one", async () => {
    const store = await open();
    const add = (): Promise<number> =>
      store.transaction(async (trx) => {
        const next = Number((await readCursor(trx, "count")) ?? "0") + 1;
        await moveCursor(trx, "count", String(next), next);
        return next;
      });
    const counts = await Promise.all(Array.from({ length: 200 }, add));
    expect(counts).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });

  it("refuses a transaction, and the database itself, inside a transaction", async () => {
    const store = await open();
    const nested = store.transaction(() => store.transaction(async () => 1));
    await expect(nested).rejects.toMatchObject({ code: "STORE_TRANSACTION_NESTED" });
    const around = store.transaction(() => readCursor(store.db, "x"));
    await expect(around).rejects.toMatchObject({ code: "STORE_TRANSACTION_NESTED" });
  });

  it("lets what a work started go on after it", async () => {
    const store = await open();
    let later: Promise<string | null> = Promise.resolve(null);
    const gate = new EventEmitter();
    await store.transaction(async (trx) => {
      await moveCursor(trx, "x", "1", 1);
      const opened = once(gate, "open");
      later = (async () => {
        await opened;
        return await readCursor(store.db, "x");
      })();
    });
    gate.emit("open");
    expect(await later).toBe("1");
  });
});
