import { fabricError } from "../core/errors/fabric-error.ts";

const MAX_ROUND = 0xffff_ffff;

/** A round's number from the command line. Throws `USAGE_INVALID`. */
export const readRoundNumber = (text: string): number => {
  const round = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (round < 1 || round > MAX_ROUND)
    throw fabricError("USAGE_INVALID", { fault: `round must be a number from 1 to ${MAX_ROUND}` });
  return round;
};
