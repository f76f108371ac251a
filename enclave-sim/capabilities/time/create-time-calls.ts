import { z } from "zod";
import type { Clock } from "../../../src/core/clock.ts";
import type { Capability } from "../capability.ts";

/** `ctx.now()`: ms since epoch by the enclave's clock. */
export const createTimeCalls = (granted: boolean, clock: Clock): Capability<"time.now"> => ({
  name: "time",
  granted,
  calls: { "time.now": z.strictObject({ op: z.literal("time.now") }) },
  perform: async () => ({ ok: clock.now(), provenance: [] }),
});
