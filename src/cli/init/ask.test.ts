import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { ask, askChoice } from "./ask.ts";
import { TEMPLATES } from "./project-choices.ts";

const never = new AbortController().signal;
/** A terminal on which these lines are typed, one by one as they are asked for, and what it showed. */
const typing = (...lines: string[]) => {
  const input = new PassThrough();
  const output = new PassThrough({ encoding: "utf8" });
  let shown = "";
  const left = [...lines];
  output.on("data", (text: string) => {
    shown += text;
    if (!text.endsWith(": ")) return;
    const line = left.shift();
    if (line === undefined) input.end();
    else input.write(`${line}\n`);
  });
  return { terminal: { input, output }, shown: () => shown };
};

describe("ask", () => {
  it("asks again until it understands", async () => {
    const { terminal, shown } = typing("", "  ", "power");
    const answer = await ask(terminal, "Name: ", (line) => (line === "" ? null : line), never);
    expect(answer).toBe("power");
    expect(shown().split("Name: ")).toHaveLength(4);
  });

  it.each([
    ["", "feed"],
    ["3", "contract"],
    ["action", "action"],
  ])("takes %j for %s", async (line, expected) => {
    const { terminal, shown } = typing(line);
    expect(await askChoice(terminal, "Which?", TEMPLATES, never)).toBe(expected);
    for (const { name } of TEMPLATES) expect(shown()).toContain(name);
  });

  it("takes no number that is none, and no other word", async () => {
    const { terminal } = typing("0", "5", "1.5", "cobol", "__proto__", "2");
    expect(await askChoice(terminal, "Which?", TEMPLATES, never)).toBe("record");
  });

  it("ends when the input ends, and when it is interrupted", async () => {
    await expect(ask(typing().terminal, "Name: ", () => null, never)).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    const stop = new AbortController();
    const waiting = ask(
      { input: new PassThrough(), output: new PassThrough() },
      "Name: ",
      () => null,
      stop.signal,
    );
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
  });
});
