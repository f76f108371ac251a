import { z } from "zod";
import type { Clock } from "../../../src/core/clock.ts";
import type { Capability } from "../capability.ts";

/** Made once: a form costs far more to make than to use, and each run has capabilities of its own. */
const calls = { "time.now": z.strictObject({ op: z.literal("time.now") }) };

/** `ctx.now()`: ms since epoch by the enclave's clock. */
export const createTimeCalls = (granted: boolean, clock: Clock): Capability<"time.now"> => ({
  name: "time",
  granted,
  calls,
  perform: async () => ({ ok: clock.now(), provenance: [] }),
});
