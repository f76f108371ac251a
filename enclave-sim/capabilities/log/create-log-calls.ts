import { z } from "zod";
import type { Capability } from "../capability.ts";
import type { GuestLogger } from "./guest-log.ts";

const calls = {
  log: z.strictObject({
    op: z.literal("log"),
    level: z.enum(["debug", "info", "warn", "error"]),
    message: z.string().max(4_096),
  }),
};

/** `ctx.log`: granted to everybody and bounded by `limits.maxLogCharacters`. */
export const createLogCalls = (logger: GuestLogger): Capability<"log"> => ({
  name: "log",
  granted: true,
  calls,
  perform: async (line) => ({ ok: logger.write(line), provenance: [] }),
});
