import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { isFabricError } from "../../core/errors/fabric-error.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { parseDevVars, readDevVars } from "./dev-vars.ts";

const revealed = (text: string) =>
  Object.fromEntries([...parseDevVars(text, ".dev.vars")].map(([n, s]) => [n, s.reveal()]));

describe("parseDevVars", () => {
  it("reads names and values, whatever ends the lines", () => {
    const text = "# keys\r\nAPI_TOKEN = abc=def \r\n\r\nOTHER=\"quoted # not a comment\"\nLAST='x'";
    expect(revealed(text)).toEqual({
      API_TOKEN: "abc=def",
      OTHER: "quoted # not a comment",
      LAST: "x",
    });
  });

  it.each([
    ["a line without a sign", "hunter2hunter2"],
    ["a name in small letters", "token=hunter2hunter2"],
    ["a name twice", "A=hunter2hunter2\nA=hunter2hunter2"],
    ["no value", "A="],
    ["export", "export A=hunter2hunter2"],
    ["too many lines", "\n".repeat(1_001)],
  ])("refuses %s, and repeats no value", (_, text) => {
    try {
      parseDevVars(text, ".dev.vars");
      expect.unreachable();
    } catch (error) {
      expect(isFabricError(error, "DEV_VARS_INVALID")).toBe(true);
      expect(JSON.stringify(error) + String(error)).not.toContain("hunter2");
    }
  });

  it("gives back any value that fits one line and needs no quotes", () => {
    const value = fc
      .string({ minLength: 1, maxLength: 200 })
      .filter((text) => !/[\r\n]/.test(text) && text.trim() === text && !/^["']/.test(text));
    fc.assert(
      fc.property(value, (text) => {
        expect(revealed(`SECRET=${text}`)).toEqual({ SECRET: text });
      }),
    );
  });
});

describe("readDevVars", () => {
  it("reads a file of its owner alone, and finds none where none is", async () => {
    const file = path.join(temporaryFolder(), ".dev.vars");
    expect(await readDevVars(file)).toBeNull();
    writeFileSync(file, "TOKEN=abc\n", { mode: 0o600 });
    expect((await readDevVars(file))?.get("TOKEN")?.reveal()).toBe("abc");
  });

  it.each([0o640, 0o604, 0o644, 0o620])("refuses a file of mode %o", async (mode) => {
    const file = path.join(temporaryFolder(), ".dev.vars");
    writeFileSync(file, "TOKEN=abc\n");
    chmodSync(file, mode);
    await expect(readDevVars(file)).rejects.toMatchObject({ code: "DEV_VARS_EXPOSED" });
  });

  it("refuses a folder, and a file that is too large", async () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, "vars"));
    await expect(readDevVars(path.join(folder, "vars"))).rejects.toMatchObject({
      code: "FILE_UNREADABLE",
    });
    const large = path.join(folder, "large");
    writeFileSync(large, "#".repeat(65_537), { mode: 0o600 });
    await expect(readDevVars(large)).rejects.toMatchObject({ code: "DEV_VARS_INVALID" });
  });
});
