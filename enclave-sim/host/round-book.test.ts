import fc from "fast-check";
import { expect, test } from "vitest";
import { createRunId, feedIdSchema } from "../../src/core/ids.ts";
import type { SignedObservation, SignRequest } from "./enclave.ts";
import { createRoundBook } from "./round-book.ts";

const signed = {} as SignedObservation;
const request = (round: number, feed = "gold"): SignRequest => ({
  runId: createRunId(),
  feed: feedIdSchema.parse(feed),
  round,
  epoch: 0,
  previous: null,
});

test("whatever is asked, the rounds of a feed that are entered go up", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20 })), (rounds) => {
      const book = createRoundBook();
      const entered: number[] = [];
      for (const round of rounds) {
        const asked = request(round);
        try {
          book.check(asked);
        } catch (error) {
          expect(error).toMatchObject({ code: "ROUND_EQUIVOCATION" });
          continue;
        }
        book.enter(asked, signed);
        entered.push(round);
      }
      expect(entered).toEqual([...new Set(entered)].toSorted((a, b) => a - b));
    }),
  );
});

test("the same request again is answered from the book, and feeds do not disturb each other", () => {
  const book = createRoundBook();
  const gold = request(7);
  book.enter(gold, signed);
  expect(book.check({ ...gold })).toBe(signed);
  expect(book.check(request(1, "silver"))).toBeUndefined();
  expect(() => book.check({ ...gold, round: 8 })).toThrow(
    expect.objectContaining({ code: "ROUND_EQUIVOCATION" }),
  );
});
