import { cpSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

import { runForTest, type TestRun } from "../../../test/support/run-cli.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { HOST_MEASURED } from "../../attestation/measurement-log.ts";
import { builtFile } from "../built-file.ts";
import { commands } from "../commands.ts";

const PACKAGE = builtFile("cryptlets", "gold-price");
const measure = (folder: string, ...flags: string[]): Promise<TestRun> =>
  runForTest(["enclave", "measure", folder, "--json", ...flags], commands);
const measurementOf = (run: TestRun): string =>
  (JSON.parse(run.stdout) as { data: { measurement: string } }).data.measurement;

let genuine: TestRun;
beforeAll(async () => {
  genuine = await measure(PACKAGE);
});

describe("cryptlet enclave measure", () => {
  it("prints measurement and log, marked as simulated", () => {
    expect(genuine.code).toBe(0);
    const { data } = JSON.parse(genuine.stdout) as {
      data: { log: { type: string }[]; measurement: string };
    };
    expect(data).toMatchObject({ id: "gold-price", simulated: true, built: false });
    expect(data.measurement).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(data.log.map(({ type }) => type)).toContain("bundle");
  });

  it("gives the same measurement for the source folder, which it builds", async () => {
    const run = await measure("cryptlets/gold-price");
    expect(measurementOf(run)).toBe(measurementOf(genuine));
    expect(run.stdout).toContain('"built":true');
  });

  it("gives another measurement for other bytes, and ends with 13 where one was expected", async () => {
    const folder = temporaryFolder();
    cpSync(PACKAGE, folder, { recursive: true });
    const bundle = path.join(folder, "bundle.js");
    writeFileSync(bundle, "globalThis.__cryptlet = { handle: () => '' };");
    const run = await measure(folder, "--expect", measurementOf(genuine));
    expect(run.code).toBe(13);
    expect(JSON.parse(run.stdout)).toMatchObject({ error: { code: "MEASUREMENT_UNEXPECTED" } });
    expect(measurementOf(run)).not.toBe(measurementOf(genuine));
    const same = await measure(PACKAGE, "--expect", measurementOf(genuine));
    expect(same.code).toBe(0);
  });

  it("measures the host, for which a policy about hosts asks", async () => {
    const host = (...flags: string[]) =>
      runForTest(["enclave", "measure", "--host", "--json", ...flags], commands);
    const run = await host();
    expect(run.code).toBe(0);
    const { data } = JSON.parse(run.stdout) as { data: { log: { type: string }[] } };
    expect(data).toMatchObject({ subject: "host", simulated: true });
    expect(data.log.map(({ type }) => type)).toEqual([...HOST_MEASURED]);
    expect((await host("--expect", measurementOf(run))).code).toBe(0);
    const other = await host("--expect", measurementOf(genuine));
    expect(other.code).toBe(13);
    expect(other.stdout).toContain("MEASUREMENT_UNEXPECTED");
    expect((await host("--expect", "abc")).code).toBe(2);
    const text = await runForTest(["enclave", "measure", "--host"], commands);
    expect(text.stdout).toContain(measurementOf(run));
    expect(text.stdout).toContain("SIMULATED");
  });

  it("measures a package or the host, never both and never nothing", async () => {
    for (const words of [[], [PACKAGE, "--host"]]) {
      const run = await runForTest(["enclave", "measure", ...words, "--json"], commands);
      expect(run.code).toBe(2);
      expect(run.stdout).toContain("USAGE_INVALID");
    }
  });

  it("refuses a digest that is none and a folder that is no package", async () => {
    expect((await measure(PACKAGE, "--expect", "abc")).code).toBe(2);
    const run = await measure(temporaryFolder());
    expect(run.code).toBe(2);
    expect(run.stdout).toContain("PACKAGE_UNREADABLE");
  });
});
