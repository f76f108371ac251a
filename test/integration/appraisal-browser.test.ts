import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";
import { appraise } from "../../src/attestation/appraise.ts";
import type { AttestationResult } from "../../src/attestation/attestation-result.ts";
import type { Tee } from "../../src/attestation/evidence-claims.ts";
import { HARDWARE_ANCHORS } from "../../src/attestation/hardware-anchors.ts";
import { haveSharedEvidence, readSharedEvidence } from "../support/shared-evidence.ts";

let script = "";
let left: readonly string[] = [];

beforeAll(async () => {
  const result = await build({
    stdin: {
      contents: `export { appraise } from "./src/attestation/appraise.ts";
        export { createEvidenceAppraiser } from "./src/attestation/evidence-appraiser.ts";
        export { HARDWARE_ANCHORS } from "./src/attestation/hardware-anchors.ts";`,
      resolveDir: process.cwd(),
    },
    bundle: true,
    platform: "browser",
    format: "iife",
    globalName: "verifier",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  left = Object.values(result.metafile.inputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external, path }) => external === true || path.startsWith("node:"))
    .map(({ path }) => path);
  script = result.outputFiles[0]?.text ?? "";
});

/** A realm with what every browser has: no process, no Buffer, no require, no network, no timers. */
const appraiseInRealm = (
  tee: Tee,
  bytes: Uint8Array,
  collateral: unknown,
  at: number,
): AttestationResult => {
  const realm = createContext({ TextEncoder, TextDecoder, atob, btoa, crypto: globalThis.crypto });
  runInContext(script, realm);
  const call = `JSON.stringify(verifier.appraise(
    { tee: ${JSON.stringify(tee)}, bytes: new Uint8Array(${JSON.stringify([...bytes])}) },
    { policy: null, anchors: verifier.HARDWARE_ANCHORS, collateral: ${JSON.stringify(collateral)}, at: ${at} },
  ))`;
  return JSON.parse(runInContext(call, realm) as string) as AttestationResult;
};

test("appraisal bundles for browsers with nothing left to Node", () => {
  expect(left).toEqual([]);
  expect(script.length).toBeGreaterThan(100_000);
});

describe.runIf(haveSharedEvidence("appraisal in a browser"))("real evidence in a browser", () => {
  const quote = readSharedEvidence("cases", "phala-tdx", "quote.bin");
  const collateral: unknown = JSON.parse(
    Buffer.from(readSharedEvidence("cases", "phala-tdx", "collateral.json")).toString("utf8"),
  );
  const cases: readonly [Tee, Uint8Array, unknown, string][] = [
    ["tdx", quote, collateral, "2025-07-01T00:00:00Z"],
    ["tdx", quote.with(700, 1), collateral, "2025-07-01T00:00:00Z"],
    ["tdx", quote, null, "2025-07-01T00:00:00Z"],
    [
      "nitro",
      readSharedEvidence("evervault-nitro", "test-data_beta_valid-attestation-doc-bytes"),
      null,
      "2022-10-13T09:00:00Z",
    ],
  ];

  test("it says the same as Node does", () => {
    for (const [tee, bytes, given, time] of cases) {
      const at = Date.parse(time);
      const options = { policy: null, anchors: HARDWARE_ANCHORS, collateral: given, at };
      const here = JSON.parse(JSON.stringify(appraise({ tee, bytes }, options))) as unknown;
      expect(appraiseInRealm(tee, bytes, given, at)).toEqual(here);
    }
  });
});
