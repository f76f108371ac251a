import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

import { runForTest } from "../../../test/support/run-cli.ts";
import {
  haveSharedEvidence,
  readSharedEvidence,
  sharedEvidencePath,
} from "../../../test/support/shared-evidence.ts";
import { createSnpFixture } from "../../../test/support/snp-fixture.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import type { AttestationResult } from "../../attestation/attestation-result.ts";
import { commands } from "../commands.ts";

interface Answer {
  readonly code: number;
  readonly data: AttestationResult;
  readonly error?: { readonly code: string };
}

const appraise = async (file: string, ...flags: readonly string[]): Promise<Answer> => {
  const run = await runForTest(["enclave", "appraise", file, "--json", ...flags], commands);
  return { code: run.code, ...(JSON.parse(run.stdout) as Omit<Answer, "code">) };
};

const write = (name: string, content: string | Uint8Array): string => {
  const file = path.join(temporaryFolder(), name);
  writeFileSync(file, content);
  return file;
};

interface Expected {
  readonly verifyAt: string;
  readonly expected: {
    readonly ok: boolean;
    readonly status?: string;
    readonly advisories?: readonly string[];
    readonly code?: string;
    readonly withAllowDebug?: { readonly ok: boolean; readonly status?: string };
  };
}

/** The steps of the shared cases in words of ours. */
const CODES: Readonly<Record<string, string>> = {
  td: "SERVICE_TD_REFUSED",
  tcb: "TCB_LEVEL_UNKNOWN",
  parse: "QUOTE_MALFORMED",
  debug: "EVIDENCE_DEBUG",
};

const CASES = haveSharedEvidence("enclave appraise, shared cases")
  ? readdirSync(sharedEvidencePath("cases"))
  : [];

describe.runIf(CASES.length > 0)("cryptlet enclave appraise, real quotes", () => {
  it.each(CASES)("%s", async (name) => {
    const folder = sharedEvidencePath("cases", name);
    const { verifyAt, expected } = JSON.parse(
      readFileSync(path.join(folder, "expected.json"), "utf8"),
    ) as Expected;
    const quote = path.join(folder, "quote.bin");
    const flags = ["--collateral", path.join(folder, "collateral.json"), "--at", verifyAt];
    const { code, data, error } = await appraise(quote, ...flags);
    expect(code).toBe(expected.ok ? 0 : 13);
    expect(data.ok).toBe(expected.ok);
    if (expected.ok) {
      expect(data.tcbStatus).toBe(expected.status);
      expect(data.advisories).toEqual(expected.advisories);
      expect(data.simulated).toBe(false);
      expect(data.measurement).toMatch(/^[0-9a-f]{64,96}$/);
      expect(data.reportData).toMatch(/^[0-9a-f]{128}$/);
    } else {
      expect(error?.code).toBe(CODES[expected.code ?? ""]);
      expect(data.reasons[0]).toMatchObject({ code: error?.code, weight: "refused" });
    }
    const late = await appraise(quote, ...flags.slice(0, 2), "--at", "2040-01-01T00:00:00Z");
    expect([late.code, late.data.ok]).toEqual([13, false]);
  });
});
