import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Capability } from "../capability.ts";
import { WALL } from "../../protocol/limits.ts";

const calls = {
  "random.bytes": z.strictObject({
    op: z.literal("random.bytes"),
    length: z.int().min(1).max(WALL.randomBytes),
  }),
};

/** `ctx.random()`: bytes of the platform's generator in hex. */
export const createRandomCalls = (granted: boolean): Capability<"random.bytes"> => ({
  name: "random",
  granted,
  calls,
  perform: async ({ length }) => ({ ok: randomBytes(length).toString("hex"), provenance: [] }),
});
