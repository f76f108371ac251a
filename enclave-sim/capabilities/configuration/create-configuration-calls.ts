import { z } from "zod";
import type { Json } from "../../../src/sdk/abi.ts";
import type { Capability } from "../capability.ts";

const calls = { configuration: z.strictObject({ op: z.literal("configuration") }) };

/** `ctx.configuration`: what the operator chose for this Cryptlet. Its digest is part of the evidence's configId. */
export const createConfigurationCalls = (
  granted: boolean,
  configuration: Json,
): Capability<"configuration"> => ({
  name: "configuration",
  granted,
  calls,
  perform: async () => ({ ok: configuration, provenance: [] }),
});
