import { describe, expect, it } from "vitest";
import { feedScheduleSchema } from "./schedule.ts";

const base = { intervalMs: 1_000, heartbeatMs: 60_000, deviationPpm: 5_000 };
const faults = (change: object): string[] =>
  feedScheduleSchema.safeParse({ ...base, ...change }).error?.issues.map((i) => i.path.join(".")) ??
  [];

describe("feed schedule", () => {
  it("takes an interval, a heartbeat and a deviation, or none", () => {
    expect(faults({})).toEqual([]);
    expect(faults({ deviationPpm: null })).toEqual([]);
    expect(faults({ heartbeatMs: 1_000 })).toEqual([]);
  });

  it("names the path of each fault", () => {
    expect(faults({ intervalMs: 10, heartbeatMs: 1.5 })).toEqual(["intervalMs", "heartbeatMs"]);
    expect(faults({ heartbeatMs: 999 })).toEqual(["heartbeatMs"]);
    expect(faults({ deviationPpm: -1 })).toEqual(["deviationPpm"]);
    expect(faults({ deviationPpm: 1_000_001 })).toEqual(["deviationPpm"]);
    expect(faults({ intervalMs: 86_400_001, heartbeatMs: 86_400_001 })).toEqual(["intervalMs"]);
    expect(faults({ cron: "* * * * *" })).toEqual([""]);
  });
});
