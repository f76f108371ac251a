import { z } from "zod";
import type { Json } from "../../../src/sdk/abi.ts";
import type { Capability } from "../capability.ts";

/** `ctx.configuration`: what the operator chose for this Cryptlet. Its digest is part of the evidence's configId. */
export const createConfigurationCalls = (
  granted: boolean,
  configuration: Json,
): Capability<"configuration"> => ({
  name: "configuration",
  granted,
  calls: { configuration: z.strictObject({ op: z.literal("configuration") }) },
  perform: async () => ({ ok: configuration, provenance: [] }),
});
