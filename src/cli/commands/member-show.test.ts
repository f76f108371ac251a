import { expect, it } from "vitest";
import { runForTest } from "../../../test/support/run-cli.ts";
import { memberShow } from "./member-show.ts";

const run = async (...words: string[]) => {
  const { stdout, code: exitCode } = await runForTest(
    ["member", "show", ...words, "--json"],
    [memberShow],
    {},
  );
  return { exitCode, code: (JSON.parse(stdout) as { error: { code: string } }).error.code };
};

it("takes no name that no configuration takes", async () => {
  for (const id of ["Host-A", "-a", "a".repeat(33), "a_b"])
    expect(await run(id, "--url", "http://127.0.0.1:9")).toEqual({
      exitCode: 2,
      code: "USAGE_INVALID",
    });
});

it("says when nobody answers", async () => {
  const { exitCode } = await run("host-a", "--url", "http://127.0.0.1:9");
  expect(exitCode).toBe(5);
});
