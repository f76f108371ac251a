import { randomBytes } from "node:crypto";
import { fabricError } from "../../src/core/errors/fabric-error.ts";

/** Host half of `ctx.random()`: bytes of the platform's generator in hex. Throws `CAPABILITY_NOT_GRANTED`. */
export const answerRandom = (granted: boolean, length: number): string => {
  if (!granted) throw fabricError("CAPABILITY_NOT_GRANTED", { capability: "random" });
  return randomBytes(length).toString("hex");
};
