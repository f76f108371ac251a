import { describe, expect, it } from "vitest";
import { LANE_LANGUAGES } from "../../sdk/manifest.ts";
import { type CheckResult, runCheck } from "./check.ts";
import { languageChecks } from "./language-checks.ts";

const context = { env: {}, url: "http://127.0.0.1:1", signal: new AbortController().signal };

describe("languageChecks", () => {
  it("has a row for every language of every lane", () => {
    const languages = Object.values(LANE_LANGUAGES).flat();
    expect(languageChecks.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
      languages.map((name) => `language-${name}`).toSorted((a, b) => (a < b ? -1 : 1)),
    );
    expect(languageChecks.every(({ required }) => !required)).toBe(true);
  });

  it("finds what npm brought, and names the package of what is missing", async () => {
    const results: CheckResult[] = [];
    for (const check of languageChecks) results.push(await runCheck(check, context));
    const byId = new Map(results.map((result) => [result.id, result]));
    for (const name of ["typescript", "javascript", "assemblyscript", "micropython"])
      expect(byId.get(`language-${name}`)).toMatchObject({ status: "ok", todo: null });
    for (const { status, todo } of results)
      if (status === "warn") expect(todo).toMatch(/apt-get install \S+|npm i -D \S+/);
  });
});
