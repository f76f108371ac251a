import { z } from "zod";
import { feedIdSchema } from "../core/ids.ts";

/** Text of a path or query in digits only: `Number` would also take `1e3`, `0x10` and an empty text. */
export const digits = (max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, "a whole number")
    .transform(Number)
    .pipe(z.int().max(max));

export const feedParameters = z.strictObject({ id: feedIdSchema.describe("id of a feed") });
export const roundNumber = digits(0xffff_ffff).pipe(z.int().min(1));
export const pageLimit = digits(100).pipe(z.int().min(1)).prefault("20").describe("1 to 100");
/** ms since epoch, up to the year 9999. */
export const timeInPath = digits(253_402_300_799_999).describe("ms since epoch");
export const roundOrZero = digits(0xffff_ffff).describe("number of a round, or 0");
