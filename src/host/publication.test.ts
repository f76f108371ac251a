import { expect, test } from "vitest";
import { GOLD, signRound } from "../../test/support/stored-rounds.ts";
import { createRunId } from "../core/ids.ts";
import type { FeedValue } from "../sdk/abi.ts";
import { decidePublication } from "./publication.ts";
import { toRoundRow } from "./round-view.ts";

const schedule = { intervalMs: 1_000, heartbeatMs: 60_000, deviationPpm: 5_000 };
const previous = toRoundRow(signRound(7).view, createRunId());
const decimal = (text: string): FeedValue => ({
  kind: "decimal",
  text,
  decimals: 8,
  unit: "USD/ozt",
});
const record = (fields: [string, string][]): FeedValue => ({
  kind: "record",
  fields: Object.fromEntries(fields.map(([name, value]) => [name, { type: "string", value }])),
});
const decide = (
  value: FeedValue,
  change: {
    observedAt?: number;
    now?: number;
    mode?: "LIVE" | "EMULATED" | null;
    first?: boolean;
  } = {},
) =>
  decidePublication(
    change.first === true ? null : previous,
    {
      feed: GOLD,
      draft: { value, observedAt: change.observedAt ?? previous.observedAt + 1_000 },
      mode: change.mode === undefined ? "EMULATED" : change.mode,
    },
    schedule,
    change.now ?? previous.issuedAt + 1_000,
  );

test("the first value, a deviation and a heartbeat make a round, anything else does not", () => {
  expect(decide(decimal("1.00"), { first: true })).toBe("first");
  expect(decide(decimal("2650.10000001"))).toBeNull();
  expect(decide(decimal("2663.3505"))).toBe("deviation");
  expect(decide(decimal("2650.10"), { now: previous.issuedAt + 60_000 })).toBe("heartbeat");
});

test("a value that is not later in whole seconds is not published, however far it moved", () => {
  expect(decide(decimal("9999"), { observedAt: previous.observedAt })).toBeNull();
  expect(decide(decimal("9999"), { observedAt: previous.observedAt + 999 })).toBeNull();
  expect(decide(decimal("9999"), { observedAt: previous.observedAt - 5_000 })).toBeNull();
  expect(decide(decimal("9999"), { observedAt: previous.observedAt + 1_000 })).toBe("deviation");
});

test("a feed does not change between live and emulated sources", () => {
  expect(() => decide(decimal("2650.10"), { mode: "LIVE" })).toThrow(
    expect.objectContaining({ code: "SOURCE_MODE_CHANGED" }),
  );
  expect(decide(decimal("2700"), { mode: null })).toBe("deviation");
});

test("a record is published when any field changed, whatever the order of its fields", () => {
  const before = toRoundRow(
    signRound(7, {
      value: record([
        ["a", "1"],
        ["b", "2"],
      ]),
    }).view,
    createRunId(),
  );
  const ask = (value: FeedValue) =>
    decidePublication(
      before,
      { feed: GOLD, draft: { value, observedAt: before.observedAt + 1_000 }, mode: "EMULATED" },
      schedule,
      before.issuedAt + 1,
    );
  expect(
    ask(
      record([
        ["b", "2"],
        ["a", "1"],
      ]),
    ),
  ).toBeNull();
  expect(
    ask(
      record([
        ["a", "1"],
        ["b", "3"],
      ]),
    ),
  ).toBe("deviation");
});
