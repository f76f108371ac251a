import { describe, expect, it } from "vitest";

import { placeOfCommand } from "./command-index.ts";
import { commands } from "./commands.ts";
import { loadCommands } from "./load-commands.ts";

const named = async (...argv: readonly string[]): Promise<readonly string[]> =>
  (await loadCommands(argv, commands)).map(({ name }) => name);
const all = commands.map(({ name }) => name);

describe("loading commands", () => {
  it.each(commands.map(({ name }) => name))(
    "finds %s in the file and by the export of its name",
    async (name) => {
      const loaded = await loadCommands(name.split(" "), commands);
      expect(loaded).toContain(commands.find((command) => command.name === name));
      // Alone, or with those that stand below it.
      for (const other of loaded) expect(other.name.startsWith(name)).toBe(true);
    },
  );

  it("takes the longest name", async () => {
    expect(await named("broker", "secret", "put", "x", "--value", "-")).toEqual([
      "broker secret put",
    ]);
    expect(await named("feed", "get", "feed", "list")).toEqual(["feed get"]);
  });

  it.each([
    ["nothing", []],
    ["a family", ["feed"]],
    ["a family's help", ["broker", "secret", "--help"]],
    ["a slip", ["feeds", "get"]],
    ["a slip in the verb", ["feed", "got"]],
    ["global options first", ["--json", "feed", "get"]],
    ["words in one argument", ["feed get"]],
    ["what every object has", ["constructor"]],
  ])("takes all of them for %s", async (_, argv) => {
    expect(await named(...argv)).toEqual(all);
  });

  it("takes all of them without an index, and where the index knows more than there is", async () => {
    expect((await loadCommands(["feed", "get"], null)).length).toBe(all.length);
    const index = [{ name: "gone", group: "Use", summary: "Was there" }] as const;
    expect((await loadCommands(["gone"], index)).length).toBe(all.length);
  });

  it("names files and exports after commands", () => {
    expect(placeOfCommand("dead-letter list")).toEqual({
      file: "dead-letter-list",
      key: "deadLetterList",
    });
    expect(placeOfCommand("build")).toEqual({ file: "build", key: "build" });
  });
});
