import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { TestsReport } from "../../src/cli/package-tests/test-report.ts";
import { startCli } from "../support/cli-process.ts";
import { packedProject, type PackedProject } from "../support/packed-project.ts";

/** A package with these tests. */
const projectWith = (files: Readonly<Record<string, string>>): PackedProject => {
  const project = packedProject();
  const content = { "package.json": '{"type":"module"}', ...files };
  for (const [name, text] of Object.entries(content)) {
    const file = path.join(project.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return project;
};
const head = 'import { expect, it } from "vitest";\n';
const tested = (project: PackedProject, ...words: string[]) => {
  const run = project.run(["test", ...words, "--json"]);
  const { data, error } = JSON.parse(run.stdout) as {
    data?: TestsReport;
    error?: { code: string };
  };
  return { code: run.code, data, error: error?.code ?? null };
};

describe("cryptlet test", () => {
  it("reports every test, and ends with 1 when one fails", () => {
    const project = projectWith({
      "a.test.js": `${head}it("holds", () => expect(1).toBe(1)); it("fails", () => expect(1).toBe(2)); it.skip("waits", () => {});`,
    });
    const { code, data, error } = tested(project);
    expect({ code, error }).toEqual({ code: 1, error: "TESTS_FAILED" });
    expect(data).toMatchObject({ tests: 3, passed: 1, failed: 1, skipped: 1 });
    expect(data?.files[0]).toMatchObject({
      file: "a.test.js",
      tests: [
        { name: "holds", state: "passed", errors: [] },
        { name: "fails", state: "failed", errors: [{ code: null }] },
        { name: "waits", state: "skipped" },
      ],
    });
    expect(tested(project, "--name", "holds")).toMatchObject({ code: 0, data: { passed: 1 } });
    expect(tested(project, "--file", "b.test")).toMatchObject({ error: "TESTS_MISSING", code: 2 });
    const people = project.run(["test"]);
    expect(people.code).toBe(1);
    expect(people.stdout).toContain("1 of 3 tests passed, 1 failed, 1 skipped");
    expect(people.stderr).toContain("TESTS_FAILED");
  });

  it.each([
    ["fetch", 'await fetch("https://example.com/");'],
    ["a fetch that is swallowed", 'await fetch("https://example.com/").catch(() => {});'],
    ["node:http", 'const { get } = await import("node:http"); get("http://127.0.0.1:9/");'],
    ["node:net", '(await import("node:net")).connect(9, "127.0.0.1");'],
    ["node:tls", '(await import("node:tls")).connect(443, "example.com");'],
    ["a socket file", '(await import("node:net")).connect("/tmp/none.sock");'],
    ["node:dns", 'await (await import("node:dns/promises")).lookup("example.com");'],
    ["node:dgram", '(await import("node:dgram")).createSocket("udp4").send("x", 9, "127.0.0.1");'],
  ])("refuses the network to %s", (_how, statements) => {
    const project = projectWith({
      "a.test.js": `${head}it("asks", async () => { ${statements} });`,
    });
    const { code, data, error } = tested(project);
    expect({ code, error }).toEqual({ code: 1, error: "TESTS_FAILED" });
    const codes = data?.files.flatMap(({ tests }) => tests.flatMap(({ errors }) => errors));
    expect(codes?.map((found) => found.code)).toContain("TEST_NETWORK_REFUSED");
  });

  it("fails the test that asked, and no other", () => {
    const project = projectWith({
      "a.test.js": `${head}it("asks", async () => { await fetch("https://example.com/").catch(() => {}); }); it("does not", () => {});`,
    });
    expect(tested(project).data).toMatchObject({ failed: 1, passed: 1 });
  });

  it("takes the folder's own configuration where there is one", () => {
    const project = projectWith({
      "vitest.config.js": 'export default { test: { include: ["own/*.check.js"] } };',
      "own/a.check.js": `${head}it("is found", () => {});`,
      "a.test.js": `${head}it("is not", () => { throw new Error("no"); });`,
    });
    expect(tested(project)).toMatchObject({ code: 0, data: { tests: 1, passed: 1 } });
  });

  it("gives a configuration of one's own the same refusal", () => {
    const project = projectWith({
      "vitest.config.js":
        'export default { test: { setupFiles: ["cryptlet-fabric/test-kit/offline"] } };',
      "a.test.js": `${head}it("asks", async () => { await fetch("https://example.com/"); });`,
    });
    expect(tested(project).data?.files[0]?.tests[0]?.errors).toMatchObject([
      { code: "TEST_NETWORK_REFUSED" },
    ]);
  });

  it("reports a file that does not load", () => {
    const project = projectWith({ "a.test.js": "import './missing.js';" });
    const { data, error } = tested(project);
    expect(error).toBe("TESTS_FAILED");
    expect(data?.files[0]?.errors).toHaveLength(1);
  });

  it.each([
    ["no vitest", (folder: string) => rmSync(path.join(folder, "node_modules/vitest"))],
    ["no package.json", (folder: string) => rmSync(path.join(folder, "package.json"))],
    [
      "a vitest from long ago",
      (folder: string) => {
        const place = path.join(folder, "node_modules/vitest");
        rmSync(place);
        mkdirSync(place);
        writeFileSync(
          path.join(place, "package.json"),
          '{"name":"vitest","version":"0.34.0","exports":{"./node":"./node.js","./package.json":"./package.json"}}',
        );
        writeFileSync(path.join(place, "node.js"), "");
      },
    ],
  ])("says what to install where there is %s", (_what, spoil) => {
    const project = projectWith({ "a.test.js": "" });
    spoil(project.folder);
    expect(tested(project)).toMatchObject({ code: 5, error: "VITEST_MISSING" });
  });

  it("says that there is no test, and no folder", () => {
    const project = projectWith({});
    expect(tested(project)).toMatchObject({ code: 2, error: "TESTS_MISSING" });
    expect(tested(project, "nowhere")).toMatchObject({ code: 3, error: "FILE_UNREADABLE" });
  });

  it("runs again when a file changes, until it is stopped", async () => {
    const { folder } = projectWith({ "a.test.js": `${head}it("one", () => {});` });
    const run = startCli(["test", folder, "--watch", "--json"]);
    const next = async () => JSON.parse(await run.nextLine()) as TestsReport;
    expect(await next()).toMatchObject({ tests: 1, failed: 0 });
    writeFileSync(
      path.join(folder, "a.test.js"),
      `${head}it("one", () => {}); it("two", () => { throw new Error("no"); });`,
    );
    expect(await next()).toMatchObject({ tests: 2, failed: 1 });
    run.child.kill("SIGINT");
    expect(await run.exit).toBe(130);
  });
});
