import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { startCli } from "../support/cli-process.ts";
import { haveSharedEvidence, sharedEvidencePath } from "../support/shared-evidence.ts";

const CASES = haveSharedEvidence("enclave appraise, the built command")
  ? readdirSync(sharedEvidencePath("cases"))
  : [];

const appraise = async (...argv: readonly string[]) => {
  const cli = startCli(["enclave", "appraise", ...argv]);
  return { code: await cli.exit, stdout: cli.stdout(), stderr: cli.stderr() };
};

describe.runIf(CASES.length > 0)("the built command on real quotes", () => {
  it.each(CASES)("%s", async (name) => {
    const { verifyAt, expected } = JSON.parse(
      readFileSync(sharedEvidencePath("cases", name, "expected.json"), "utf8"),
    ) as { verifyAt: string; expected: { ok: boolean; status?: string } };
    const flags = [
      sharedEvidencePath("cases", name, "quote.bin"),
      "--collateral",
      sharedEvidencePath("cases", name, "collateral.json"),
      "--at",
      verifyAt,
    ];
    const { code, stdout, stderr } = await appraise(...flags, "--json");
    expect([code, stderr]).toEqual([expected.ok ? 0 : 13, ""]);
    const answer = JSON.parse(stdout) as { ok: boolean; data: Record<string, unknown> };
    expect(answer.ok).toBe(expected.ok);
    expect(Object.keys(answer.data)).toEqual(
      expect.arrayContaining([
        "ok",
        "tee",
        "simulated",
        "tcbStatus",
        "advisories",
        "measurement",
        "reportData",
        "trustVector",
        "reasons",
      ]),
    );
    if (expected.ok) expect(answer.data["tcbStatus"]).toBe(expected.status);
  });

  it("tells people the verdict, and the reason on standard error", async () => {
    const folder = (name: string) => [
      sharedEvidencePath("cases", name, "quote.bin"),
      "--collateral",
      sharedEvidencePath("cases", name, "collateral.json"),
    ];
    const good = await appraise(...folder("phala-tdx"), "--at", "2025-07-01T00:00:00Z");
    expect([good.code, good.stderr]).toEqual([0, ""]);
    expect(good.stdout).toContain("Intel TDX trust domain");
    const bad = await appraise(...folder("phala-tdx"), "--at", "2035-07-01T00:00:00Z");
    expect(bad.code).toBe(13);
    expect(bad.stdout).toContain("Refused");
    expect(bad.stderr).toMatch(/error [A-Z_]+_EXPIRED/);
  });
});
