import type { Clock } from "../../src/core/clock.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";

/** Host half of `ctx.now()`: ms since epoch. Throws `CAPABILITY_NOT_GRANTED`. */
export const answerTime = (granted: boolean, clock: Clock): number => {
  if (!granted) throw fabricError("CAPABILITY_NOT_GRANTED", { capability: "time" });
  return clock.now();
};
