import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCliProcess } from "../support/cli-process.ts";
import { codeBlock, readCodeBlocks } from "../support/code-blocks.ts";

// docs/evidence.md, done by the book, one command after the other.

const GUIDE = "docs/evidence.md";
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "cryptlet-evidence-"));
  mkdirSync(path.join(folder, "dist"));
  symlinkSync(path.resolve("dist/cryptlets"), path.join(folder, "dist/cryptlets"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = async (command: string) => {
  const words = command.trim().split(" ");
  expect(words.slice(0, 2)).toEqual(["npx", "cryptlet"]);
  const { code, stdout } = await runCliProcess([...words.slice(2), "--json"], { cwd: folder });
  return {
    code,
    output: JSON.parse(stdout) as { data?: Record<string, unknown>; error?: { code: string } },
  };
};

it(
  "leads from a package to a verdict, with commands that do what the page says",
  { timeout: 60_000 },
  async () => {
    const commands = readCodeBlocks(GUIDE)
      .filter(({ language }) => language === "sh")
      .map(({ text }) => text);
    expect(commands).toHaveLength(5);
    const [evidence = "", plain = "", measure = "", judged = "", host = ""] = commands;
    expect((await run(evidence)).code).toBe(0);

    const refused = await run(plain);
    expect(refused.code).toBe(13);
    expect(refused.output.error?.code).toBe("CERTIFICATE_ROOT_UNKNOWN");

    const { output } = await run(measure);
    const measurement = String(output.data?.["measurement"]).slice("sha256:".length);
    const policy = codeBlock(GUIDE, "json").replace("MEASUREMENT", measurement);
    writeFileSync(path.join(folder, "policy.json"), policy);
    const accepted = await run(judged);
    expect(accepted.output.error).toBeUndefined();
    expect(accepted.code).toBe(0);
    expect(accepted.output.data).toMatchObject({
      ok: true,
      tee: "sgx",
      simulated: true,
      measurement,
    });

    // What a document of this very host says about its platform is what the installation measures.
    const { data: own } = (await run(host)).output;
    expect(own).toMatchObject({ subject: "host", simulated: true });
    const [runtime, code] = (own?.["log"] ?? []) as { type: string }[];
    expect(output.data?.["log"]).toEqual(expect.arrayContaining([runtime, code]));

    const elsewhere = policy.replace(measurement, "0".repeat(64));
    writeFileSync(path.join(folder, "policy.json"), elsewhere);
    expect((await run(judged)).code).toBe(13);
    writeFileSync(path.join(folder, "policy.json"), policy);
    expect((await run(judged.replaceAll("0101", "0202"))).code).toBe(13);
  },
);
