import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { reportNotRun } from "../../../test/support/not-run.ts";
import { programInterpreter } from "./program-interpreter.ts";
import { programRuntime, RUNTIME_PACKAGES, type ProgramLanguage } from "./program-runtimes.ts";

const LANGUAGES: readonly ProgramLanguage[] = ["python", "java", "csharp"];

describe.each(LANGUAGES)("the runtime of %s", (language) => {
  const installed = () => {
    try {
      return programRuntime(language);
    } catch {
      reportNotRun(
        `the runtime of ${language}`,
        `Debian's ${RUNTIME_PACKAGES[language]} is missing`,
      );
      return null;
    }
  };

  test("shows its own files only, none of which is a person's or the machine's", () => {
    for (const { from } of installed()?.mounts ?? []) {
      expect(existsSync(from)).toBe(true);
      expect(from).toMatch(/^\/(?:usr\/(?:bin|lib)|lib|lib64|etc\/(?:java|mono))[-/]/);
      expect(from).not.toMatch(/^\/(?:usr|usr\/bin|usr\/lib|lib|lib64|etc)\/?$/);
    }
  });

  test("is measured by the bytes that it runs", () => {
    if (!installed()) return;
    const text = programInterpreter(language);
    expect(JSON.parse(text)).toEqual({
      engine: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      language,
      protocol: 1,
    });
    expect(programInterpreter(language)).toBe(text);
  });

  test("is given the memory that the manifest grants", () => {
    const runtime = installed();
    if (!runtime) return;
    const [executable, ...args] = runtime.command("/cryptlet/bundle", 67_108_864);
    expect(executable.startsWith("/usr/")).toBe(true);
    expect(args).toContain("/cryptlet/bundle");
    if (language !== "python") expect(args.join(" ")).toContain("64m");
  });
});
