import { describe, expect, test } from "vitest";
import type { Digest } from "../core/ids.ts";
import { createSigningKey } from "../crypto/key-record.ts";
import type { Appraisal } from "./appraiser.ts";
import { selectTrusted } from "./signer-trust.ts";
import type { TrustPolicy } from "./trust-policy.ts";

const measurement = `sha256:${"3".repeat(64)}` as Digest;
const other = `sha256:${"4".repeat(64)}` as Digest;
const bound = createSigningKey("ed25519").record;
const stranger = createSigningKey("ed25519").record;

const policy: TrustPolicy = {
  id: "test",
  keys: [],
  attested: {
    scope: { fabrics: null, cryptlets: null, feeds: null },
    measurements: [measurement],
  },
  threshold: 1,
  requireEvidence: true,
  allowSimulated: true,
  allowEmulated: true,
  maxAgeMs: null,
  clockSkewMs: 0,
};

const appraised = (of: Digest): Appraisal => ({
  ok: true,
  simulated: true,
  measurement: of,
  keyids: [bound.keyid],
  policy: "appraisal",
  detail: "",
});

describe("trust that hangs on evidence", () => {
  test("a key that accepted evidence binds is trusted", () => {
    expect(selectTrusted([bound], policy, appraised(measurement))).toEqual([bound]);
  });

  test("a key that accepted evidence does not bind is a stranger's", () => {
    expect(() => selectTrusted([stranger], policy, appraised(measurement))).toThrow(
      expect.objectContaining({ code: "SIGNER_NOT_TRUSTED" }),
    );
  });

  test("refused evidence and another measurement are the evidence's fault", () => {
    const refused: Appraisal = { ok: false, code: "EVIDENCE_REFUSED", detail: "expired" };
    for (const appraisal of [refused, appraised(other)])
      expect(() => selectTrusted([bound], policy, appraisal)).toThrow(
        expect.objectContaining({ code: "EVIDENCE_REFUSED" }),
      );
  });

  test("no evidence at all leaves an unnamed key a stranger's, and two of three needed is too few", () => {
    expect(() => selectTrusted([bound], policy, null)).toThrow(
      expect.objectContaining({ code: "SIGNER_NOT_TRUSTED" }),
    );
    expect(() =>
      selectTrusted([bound, stranger], { ...policy, threshold: 2 }, appraised(measurement)),
    ).toThrow(expect.objectContaining({ code: "THRESHOLD_NOT_MET" }));
  });
});
