import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { askForProject } from "./ask-for-project.ts";
import { openQuestions } from "./ask.ts";
import { TEMPLATES } from "./project-choices.ts";

const never = new AbortController().signal;
/** A terminal on which this is typed, all of it ahead, and what it showed. */
const typing = (text: string, signal = never) => {
  const input = new PassThrough();
  const output = new PassThrough({ encoding: "utf8" });
  let shown = "";
  output.on("data", (part: string) => {
    shown += part;
  });
  input.end(text);
  return { questions: openQuestions({ input, output }, signal), shown: () => shown };
};

describe("questions", () => {
  it("are asked again until the answer is understood", async () => {
    const { questions, shown } = typing("\n  \npower\n");
    const answer = await questions.ask("Name: ", (line) => (line === "" ? null : line));
    expect(answer).toBe("power");
    expect(shown().split("Name: ")).toHaveLength(4);
    questions.close();
  });

  it("are answered in turn by what was typed ahead, with either end of line", async () => {
    const { questions } = typing("power\r\n3\r\n");
    expect(await questions.ask("Name: ", (line) => line)).toBe("power");
    expect(await questions.choose("Which?", TEMPLATES)).toBe("contract");
    questions.close();
  });

  it.each([
    ["", "feed"],
    ["3", "contract"],
    ["action", "action"],
  ])("take %j for %s", async (line, expected) => {
    const { questions, shown } = typing(`${line}\n`);
    expect(await questions.choose("Which?", TEMPLATES)).toBe(expected);
    for (const { name } of TEMPLATES) expect(shown()).toContain(name);
    questions.close();
  });

  it("take no number that is none, and no other word", async () => {
    const { questions } = typing("0\n5\n1.5\ncobol\n__proto__\n2\n");
    expect(await questions.choose("Which?", TEMPLATES)).toBe("record");
    questions.close();
  });

  it("end when the input ends, and when they are interrupted", async () => {
    const { questions } = typing("");
    await expect(questions.ask("Name: ", () => null)).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    const stop = new AbortController();
    const open = openQuestions(
      { input: new PassThrough(), output: new PassThrough() },
      stop.signal,
    );
    const waiting = open.ask("Name: ", () => null);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
    open.close();
  });

  it("ask for what is missing only, and never on for a name that is refused", async () => {
    const terminal = (text: string) => {
      const input = new PassThrough();
      input.end(text);
      return { input, output: new PassThrough().resume() };
    };
    const nothing = { name: undefined, template: undefined };
    expect(await askForProject(nothing, terminal("power\n2\n"), never)).toEqual({
      name: "power",
      template: "record",
    });
    const named = { name: "power", template: undefined };
    expect((await askForProject(named, terminal("\n"), never)).template).toBe("feed");
    const typed = { name: undefined, template: "action" } as const;
    expect((await askForProject(typed, terminal("pay\n"), never)).name).toBe("pay");
    await expect(askForProject(nothing, terminal("../x\n2\n"), never)).rejects.toMatchObject({
      code: "PROJECT_NAME_INVALID",
    });
  });
});
