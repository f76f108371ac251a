import fc from "fast-check";
import { expect, test } from "vitest";
import {
  appraisalPolicySchema,
  type AppraisalPolicyInput,
  parseAppraisalPolicy,
  policyDigest,
} from "./appraisal-policy.ts";

const LEAST: AppraisalPolicyInput = {
  id: "least",
  tees: ["sgx"],
  anyOf: [{ measurements: ["AB".repeat(32)] }],
};

test("what is left out is the strict choice", () => {
  expect(parseAppraisalPolicy(LEAST)).toEqual({
    id: "least",
    allowSimulated: false,
    allowDebug: false,
    allowMissingRevocation: false,
    tees: ["sgx"],
    tcb: { accept: ["UpToDate"], denyAdvisories: [], minTcbEval: 0 },
    anyOf: [{ measurements: ["ab".repeat(32)], minSvn: 0 }],
    platforms: { deny: [] },
    freshness: null,
    quorum: { n: 1 },
  });
});

test.each<[string, unknown]>([
  ["nothing", {}],
  ["an unknown key", { ...LEAST, allow: true }],
  ["an unknown key inside", { ...LEAST, tcb: { accepts: [] } }],
  ["no kind", { ...LEAST, tees: [] }],
  ["a kind that does not exist", { ...LEAST, tees: ["sev"] }],
  ["no workload", { ...LEAST, anyOf: [] }],
  ["a workload without measurement", { ...LEAST, anyOf: [{ measurements: [] }] }],
  ["a map without register", { ...LEAST, anyOf: [{ measurements: {} }] }],
  ["half a measurement", { ...LEAST, anyOf: [{ measurements: ["ab"] }] }],
  ["a revoked level", { ...LEAST, tcb: { accept: ["Revoked"] } }],
  ["no level", { ...LEAST, tcb: { accept: [] } }],
  ["a status that Intel has not", { ...LEAST, tcb: { accept: ["uptodate"] } }],
  ["no platform at all", { ...LEAST, platforms: { allow: [] } }],
  ["an age of nothing", { ...LEAST, freshness: { mode: "epoch", maxAgeSec: 0 } }],
  ["a quorum of none", { ...LEAST, quorum: { n: 0 } }],
  ["a word for yes", { ...LEAST, allowSimulated: "true" }],
])("%s is no policy", (_name, input) => {
  expect(() => parseAppraisalPolicy(input)).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID" }),
  );
});

test("a digest names what a policy means and not how it was written", () => {
  const digest = policyDigest(parseAppraisalPolicy(LEAST));
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  const written = parseAppraisalPolicy({
    quorum: { n: 1 },
    ...LEAST,
    anyOf: [{ minSvn: 0, measurements: [`sha256:${"ab".repeat(32)}`] }],
    allowDebug: false,
  });
  expect(policyDigest(written)).toBe(digest);
  const changes: fc.Arbitrary<Partial<AppraisalPolicyInput>> = fc.oneof(
    fc.string({ minLength: 1, maxLength: 20 }).map((id) => ({ id: `other ${id}` })),
    fc.constantFrom({ allowDebug: true }, { allowSimulated: true }, { quorum: { n: 2 } }),
    fc.integer({ min: 1, max: 1_000 }).map((minTcbEval) => ({ tcb: { minTcbEval } })),
  );
  fc.assert(
    fc.property(changes, (change) => {
      expect(policyDigest(parseAppraisalPolicy({ ...LEAST, ...change }))).not.toBe(digest);
    }),
  );
});

test("a parsed policy parses to itself", () => {
  const parsed = parseAppraisalPolicy(LEAST);
  expect(appraisalPolicySchema.parse(parsed)).toEqual(parsed);
});
