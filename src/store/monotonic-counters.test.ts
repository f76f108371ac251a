import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { advanceCounter, readCounter } from "./monotonic-counters.ts";
import { openStore } from "./open-store.ts";

test("a counter only goes up, whatever it is told", async () => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  await fc.assert(
    fc.asyncProperty(fc.uuid(), fc.array(fc.integer({ min: 1, max: 50 })), async (name, values) => {
      let highest = 0;
      for (const value of values) {
        await advanceCounter(store.db, name, value);
        highest = Math.max(highest, value);
        expect(await readCounter(store.db, name)).toBe(highest);
      }
    }),
    { numRuns: 25 },
  );
});
