import { describe, expect, it } from "vitest";
import { fabricError } from "./errors/fabric-error.ts";
import { createLog, silentLog, type Log, type LogLevel } from "./log.ts";

const capture = (
  level: LogLevel = "trace",
): { log: Log; lines: () => Record<string, unknown>[] } => {
  const written: string[] = [];
  const log = createLog({ level, destination: { write: (line) => void written.push(line) } });
  return { log, lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>) };
};

describe("createLog", () => {
  it("writes one JSON line per event with level, time, message and fields", () => {
    const { log, lines } = capture();
    log.info("round published", { feed: "xau-usd", round: 7 });
    expect(lines()).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as unknown,
        msg: "round published",
        feed: "xau-usd",
        round: 7,
      },
    ]);
  });

  it("has every level and obeys the one that is set", () => {
    const { log, lines } = capture("warn");
    for (const level of ["trace", "debug", "info", "warn", "error", "fatal"] as const)
      log[level]("x");
    expect(lines().map((line) => line["level"])).toEqual(["warn", "error", "fatal"]);
  });

  it("carries a child's fields on every line, redacted", () => {
    const { log, lines } = capture();
    log
      .child({ feed: "xau-usd", apiToken: "hidden-value" })
      .child({ round: 1 })
      .info("x", { a: 1 });
    expect(lines()).toMatchObject([{ feed: "xau-usd", round: 1, a: 1, apiToken: "[redacted]" }]);
  });

  it("redacts message and fields without being asked", () => {
    const { log, lines } = capture();
    log.warn("GET https://u:hidden-value@host", { nested: { privateKey: "hidden-value" } });
    expect(JSON.stringify(lines())).not.toContain("hidden-value");
  });

  it("logs an error by code with its causes", () => {
    const { log, lines } = capture();
    const error = fabricError(
      "CONFIG_UNREADABLE",
      { file: "a", reason: "b" },
      { cause: new Error("deep") },
    );
    log.error("start failed", { error });
    expect(lines()).toMatchObject([
      { error: { code: "CONFIG_UNREADABLE", causes: [{ message: "deep" }] } },
    ]);
  });

  it("does not let a field stand in for level, time or message", () => {
    const { log, lines } = capture();
    log.info("true", { level: "fatal", time: 0, msg: "false" });
    expect(lines()).toMatchObject([{ level: "info", msg: "true", level_: "fatal", msg_: "false" }]);
  });

  it("keeps one event on one line whatever the text holds", () => {
    const { log, lines } = capture();
    log.info('a\n{"level":"fatal"}\r\n\u2028', { field: "b\nc" });
    expect(lines()).toHaveLength(1);
  });
});

describe("silentLog", () => {
  it("keeps nothing", () => {
    expect(silentLog.child({ a: 1 })).toBe(silentLog);
    expect(silentLog.info("x")).toBeUndefined();
  });
});
