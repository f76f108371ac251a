import { describe, expect, it } from "vitest";

import { flagOf } from "./command.ts";
import { commands } from "./commands.ts";
import { printCliDocs } from "./docs.ts";
import { EXIT_CODES } from "./help.ts";

describe("the records of all commands", () => {
  it("have names of one to three words, each once", () => {
    const names = commands.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)?( [a-z]+){0,2}$/);
  });

  it.each(commands.map((command) => [command.name, command] as const))(
    "%s is summarised without a full stop, described with one, and shown in an example",
    (name, { summary, description, examples }) => {
      expect(summary).toMatch(/^[A-Z].*[^.]$/);
      expect(description).toMatch(/\.$/);
      expect(examples.length).toBeGreaterThan(0);
      for (const { command } of examples) expect(command).toContain(`cryptlet ${name}`);
    },
  );

  it("name only exit codes that the product has", () => {
    const known = new Set(EXIT_CODES.map(([code]) => code));
    for (const { exits } of commands)
      for (const code of Object.keys(exits)) expect(known).toContain(code);
  });
});

describe("printCliDocs", () => {
  it("holds every command, argument, option and exit code", () => {
    const docs = printCliDocs();
    for (const command of commands) {
      expect(docs).toContain(`### \`cryptlet ${command.name}`);
      for (const name of Object.keys(command.options)) expect(docs).toContain(`\`${flagOf(name)}`);
    }
    for (const [code] of EXIT_CODES) expect(docs).toContain(`| ${code} |`);
    expect(docs.endsWith("\n")).toBe(true);
    expect(docs).not.toContain("\n\n\n");
  });
});
