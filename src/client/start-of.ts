/**
 * Where a cursor begins: `now` (what is committed from here on), `beginning` (every round on record), a time (rounds
 * issued then or later; ms since epoch or a Date), or a round of a feed and what came after it.
 */
export type StartFrom =
  | "now"
  | "beginning"
  | { readonly time: number | Date }
  | { readonly feed: string; readonly round: number };

/** The same as the API takes it. */
export const startOf = (from: StartFrom): Readonly<Record<string, unknown>> => {
  if (typeof from === "string") return { kind: from };
  return "time" in from
    ? { kind: "time", time: Number(from.time) }
    : { kind: "round", feed: from.feed, round: from.round };
};
