import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { raiseCounter, readCounter } from "./monotonic-counters.ts";
import { openStore } from "./open-store.ts";

test("a counter only goes up, whatever it is told", async () => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  await fc.assert(
    fc.asyncProperty(fc.uuid(), fc.array(fc.integer({ min: 1, max: 50 })), async (name, values) => {
      let known = 0;
      for (const value of values) {
        const raising = raiseCounter(store.db, name, value);
        if (value > known) {
          await raising;
          known = value;
        } else await expect(raising).rejects.toMatchObject({ code: "STORE_COUNTER_BEHIND" });
        expect(await readCounter(store.db, name)).toBe(known);
      }
    }),
    { numRuns: 25 },
  );
});
