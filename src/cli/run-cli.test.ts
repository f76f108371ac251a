import { describe, expect, it } from "vitest";

import { runForTest } from "../../test/support/run-cli.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { defineCommand, type CommandRecord } from "./command.ts";
import { createStop } from "./stop.ts";

const echo = defineCommand({
  name: "thing echo",
  group: "Use",
  summary: "Echo",
  description: "Gives back what it was given.",
  arguments: [
    { name: "word", help: "A word." },
    { name: "second", help: "Another one.", optional: true },
  ],
  options: {
    count: { kind: "integer", value: "N", help: "how often", minimum: 1, maximum: 9, default: 1 },
    loud: { kind: "flag", help: "louder" },
    caFile: { kind: "text", value: "FILE", help: "a file" },
    at: { kind: "time", value: "TIME", help: "when" },
    key: { kind: "list", value: "KEY", help: "keys" },
    mode: { kind: "choice", value: "MODE", help: "how", choices: ["a", "b"] },
  },
  examples: [{ command: "cryptlet thing echo hi", says: "hi" }],
  exits: { 15: "stale" },
  run: async ({ args, options, global }) => ({
    data: { ...args, ...options, url: global.url, big: 12n },
    text: args.word,
  }),
});

const must = defineCommand({
  name: "must",
  group: "Develop",
  summary: "Needs a flag",
  description: "Needs a flag.",
  examples: [],
  options: { seed: { kind: "text", value: "SEED", help: "seed", required: true } },
  run: async ({ options }) => ({ data: options.seed, text: options.seed }),
});

const failing = (error: unknown): CommandRecord =>
  defineCommand({
    name: "fail",
    group: "Use",
    summary: "Fails",
    description: "Fails.",
    examples: [],
    run: async () => {
      throw error;
    },
  });

const commands = [echo, must];
const json = (text: string): unknown => JSON.parse(text);

describe("results", () => {
  it("prints the text, and nothing on standard error", async () => {
    expect(await runForTest(["thing", "echo", "hi"], commands)).toEqual({
      code: 0,
      stdout: "hi\n",
      stderr: "",
    });
  });

  it("prints one document with typed values under --json, wherever the flag stands", async () => {
    const words = ["thing", "echo", "hi", "--count", "3", "--key", "x", "--key", "y"];
    const more = ["--at", "2026-05-01T16:00:00Z", "--ca-file", "f", "--mode", "b", "--loud"];
    for (const argv of [
      ["--json", ...words, ...more],
      [...words, ...more, "--json"],
    ]) {
      const run = await runForTest(argv, commands);
      expect(run.stderr).toBe("");
      expect(json(run.stdout)).toEqual({
        ok: true,
        data: {
          word: "hi",
          count: 3,
          loud: true,
          caFile: "f",
          at: Date.UTC(2026, 4, 1, 16),
          key: ["x", "y"],
          mode: "b",
          url: "http://127.0.0.1:8600",
          big: "12",
        },
      });
    }
  });

  it("prints what was found although the command failed, and ends with the failure's code", async () => {
    const failure = fabricError("FEED_STALE", { feed: "f", round: 1, validUntil: "then" });
    const stale: CommandRecord = {
      ...failing(null),
      run: async () => ({ data: { round: 1 }, text: "round 1", failure }),
    };
    const text = await runForTest(["fail"], [stale]);
    expect(text.code).toBe(15);
    expect(text.stdout).toBe("round 1\n");
    expect(text.stderr).toContain("FEED_STALE");
    const run = await runForTest(["fail", "--json"], [stale]);
    expect(run.code).toBe(15);
    expect(json(run.stdout)).toMatchObject({
      ok: false,
      error: { code: "FEED_STALE" },
      data: { round: 1 },
    });
  });
});

describe("wrong usage", () => {
  it.each([
    [["thong"], "thing"],
    [["thing", "ecco", "hi"], "echo"],
    [["thing", "echo", "hi", "--lound"], "--loud"],
    [["thing"], "echo"],
    [["thing", "echo"], "word"],
    [["thing", "echo", "a", "b", "c"], "argument"],
    [["thing", "echo", "hi", "--count", "ten"], "--count"],
    [["thing", "echo", "hi", "--count", "10"], "--count"],
    [["thing", "echo", "hi", "--at", "yesterday"], "--at"],
    [["thing", "echo", "hi", "--mode", "c"], "--mode"],
    [["thing", "echo", "hi", "--url", "ftp://x"], "--url"],
    [["thing", "echo", "hi", "--ca-file"], "--ca-file"],
    [["--json"], "command"],
  ])("%j ends with 2 and names %s", async (argv, named) => {
    const run = await runForTest([...argv, "--json"], commands);
    expect(run.code).toBe(2);
    expect(run.stderr).toBe("");
    expect(json(run.stdout)).toMatchObject({ ok: false, error: { code: "USAGE_INVALID" } });
    expect(run.stdout).toContain(named);
  });

  it("says it on standard error without --json", async () => {
    const run = await runForTest(["thong"], commands);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain("Did you mean thing?");
  });

  it("names the flag that is missing instead of asking", async () => {
    const run = await runForTest(["must", "--json"], commands);
    expect(run.code).toBe(2);
    expect(json(run.stdout)).toMatchObject({ error: { code: "FLAG_MISSING" } });
    expect(run.stdout).toContain("--seed");
  });

  it("reads no flag after --", async () => {
    const run = await runForTest(["thing", "echo", "--", "--json"], commands);
    expect(run).toEqual({ code: 0, stdout: "--json\n", stderr: "" });
  });
});

describe("failures", () => {
  it.each([
    [fabricError("FEED_UNKNOWN", { feed: "x" }), 3],
    [fabricError("CLIENT_UNREACHABLE", { url: "u", reason: "r" }), 5],
    [fabricError("CONFIG_INVALID", { count: 1, faults: "f" }), 2],
    [new Error("unforeseen"), 1],
  ])("%s gives %d", async (error, code) => {
    const run = await runForTest(["fail", "--json"], [failing(error)]);
    expect(run.code).toBe(code);
    expect(json(run.stdout)).toMatchObject({ ok: false });
  });

  it("tells people what led to it, and with --verbose from where", async () => {
    const cause = fabricError("FEED_UNKNOWN", { feed: "x" });
    const error = fabricError("DEMO_TIMED_OUT", { what: "w", seconds: 1 }, { cause });
    const quiet = await runForTest(["fail"], [failing(error)]);
    expect(quiet.stderr).toContain("FEED_UNKNOWN");
    expect(quiet.stderr).not.toContain("run-cli.test");
    const verbose = await runForTest(["fail", "--verbose"], [failing(error)]);
    expect(verbose.stderr).toContain("run-cli.test");
  });

  it("never lets a stranger's text steer the terminal", async () => {
    const error = fabricError("FEED_UNKNOWN", { feed: "a\u001B[2J\u202Eb\u0007" });
    const run = await runForTest(["fail"], [failing(error)], { tty: true });
    expect(run.stderr).toContain("a\uFFFD[2J\uFFFDb\uFFFD");
  });
});

describe("being stopped", () => {
  it.each([
    ["SIGINT", false, 130],
    ["SIGTERM", false, 130],
    ["SIGTERM", true, 0],
    ["EPIPE", false, 0],
  ] as const)("%s, service %s: %d", async (stop, service, code) => {
    const signal = AbortSignal.abort(createStop(stop));
    const run = await runForTest(["fail", "--json"], [{ ...failing(new Error("gone")), service }], {
      signal,
    });
    expect(run.code).toBe(code);
    if (code === 0) expect(run.stdout).toBe("");
    else expect(json(run.stdout)).toMatchObject({ error: { code: "INTERRUPTED" } });
  });
});

it("says nothing more when a command that runs until it is stopped was stopped", async () => {
  const follow: CommandRecord = { ...failing(null), run: async () => undefined };
  const signal = AbortSignal.abort(createStop("SIGINT"));
  expect(await runForTest(["fail", "--json"], [follow], { signal })).toEqual({
    code: 130,
    stdout: "",
    stderr: "",
  });
});

describe("help", () => {
  it("lists every command under its group, also when nothing was asked", async () => {
    const bare = await runForTest([], commands);
    const asked = await runForTest(["--help"], commands);
    expect(bare.stdout).toBe(asked.stdout);
    expect(asked.code).toBe(0);
    expect(asked.stdout).toContain("thing echo  Echo");
  });

  it("explains one command with its options, examples and exit codes", async () => {
    const run = await runForTest(["thing", "echo", "--help"], commands);
    expect(run.code).toBe(0);
    for (const part of ["--ca-file <FILE>", "$ cryptlet thing echo hi", " 15  stale", "(a, b)"])
      expect(run.stdout).toContain(part);
  });

  it("prints the version", async () => {
    expect(await runForTest(["--version"], commands)).toMatchObject({ code: 0, stdout: "1.2.3\n" });
  });
});

describe("colours", () => {
  it("are for terminals alone, and for those who want them", async () => {
    const fail = [failing(new Error("x"))];
    expect((await runForTest(["fail"], fail, { tty: true })).stderr).toContain("\u001B[");
    expect((await runForTest(["fail"], fail, { tty: false })).stderr).not.toContain("\u001B[");
    expect(
      (await runForTest(["fail"], fail, { tty: true, env: { NO_COLOR: "1" } })).stderr,
    ).not.toContain("\u001B[");
    expect((await runForTest(["fail", "--no-color"], fail, { tty: true })).stderr).not.toContain(
      "\u001B[",
    );
  });
});
