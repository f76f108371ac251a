import fc from "fast-check";
import { expect, test } from "vitest";
import { TRUST_CLAIMS } from "./attestation-result.ts";
import { type EvidenceClaims, TCB_STATUSES, TEES } from "./evidence-claims.ts";
import { failedVector, tierOf, trustVectorOf, type VectorFacts } from "./trust-vector.ts";

/** Values that the draft registers for each claim (section 2.3.4), besides the five of every claim. */
const REGISTERED: Readonly<Record<string, readonly number[]>> = {
  "instance-identity": [2, 96, 97],
  configuration: [2, 3, 32, 36, 96],
  executables: [2, 3, 32, 33, 96],
  "file-system": [2, 32, 96],
  hardware: [2, 32, 96, 97],
  "runtime-opaque": [2, 32, 96],
  "storage-opaque": [2, 32, 96],
  "sourced-data": [2, 32, 96],
};

const claims = fc.record({
  tee: fc.constantFrom(...TEES),
  simulated: fc.boolean(),
  debug: fc.boolean(),
  status: fc.constantFrom(null, ...TCB_STATUSES),
});
const facts: fc.Arbitrary<VectorFacts> = fc
  .record({
    claims,
    simulatedAllowed: fc.boolean(),
    workload: fc.constantFrom(null, "approved" as const, "refused" as const),
    configuration: fc.constantFrom(null, "approved" as const),
    platform: fc.constantFrom(null, "recognised" as const, "refused" as const),
    tcbRefused: fc.boolean(),
    hardwareWarning: fc.boolean(),
  })
  .map(({ claims: { tee, simulated, debug, status }, ...rest }) => {
    const all: EvidenceClaims = {
      tee,
      simulated,
      debug,
      evidenceId: `sha256:${"00".repeat(32)}` as EvidenceClaims["evidenceId"],
      tcb: { status, advisories: [], evaluationNumber: null },
      measurement: "",
      registers: {},
      signer: null,
      prodId: null,
      svn: null,
      configId: null,
      reportData: "",
      platform: "",
      validFrom: 0,
      validUntil: 0,
    };
    return { ...rest, claims: all };
  });

test("tiers are those of section 2.3.2, for every value there is", () => {
  const tier = (value: number) =>
    value >= -1 && value <= 1
      ? "none"
      : (value >= 2 && value < 32) || (value <= -2 && value >= -32)
        ? "affirming"
        : (value >= 32 && value < 96) || (value <= -33 && value >= -96)
          ? "warning"
          : "contraindicated";
  for (let value = -128; value < 128; value++)
    expect([value, tierOf(value)]).toEqual([value, tier(value)]);
});

test("every claim has a value that the draft registers for it", () => {
  fc.assert(
    fc.property(facts, (given) => {
      const vector = trustVectorOf(given);
      expect(Object.keys(vector)).toEqual([...TRUST_CLAIMS]);
      for (const claim of TRUST_CLAIMS)
        expect([0, ...(REGISTERED[claim] ?? [])]).toContain(vector[claim]);
    }),
  );
  for (const claim of TRUST_CLAIMS) expect([0, 99]).toContain(failedVector[claim]);
  expect(failedVector.hardware).toBe(99);
});

test("nothing simulated, debugged or refused is affirmed", () => {
  fc.assert(
    fc.property(facts, (given) => {
      const vector = trustVectorOf(given);
      const tiers = TRUST_CLAIMS.map((claim) => tierOf(vector[claim]));
      if (given.claims.simulated) expect(tiers).not.toContain("affirming");
      if (given.claims.debug) expect(tierOf(vector["runtime-opaque"])).toBe("contraindicated");
      if (given.claims.debug) expect(tierOf(vector.configuration)).toBe("contraindicated");
      if (given.workload === "refused") expect(tierOf(vector.executables)).toBe("contraindicated");
      if (given.platform === "refused")
        expect(tierOf(vector["instance-identity"])).toBe("contraindicated");
      if (given.tcbRefused) expect(tierOf(vector.hardware)).not.toBe("affirming");
      if (given.claims.simulated && !given.simulatedAllowed)
        expect(tierOf(vector.hardware)).toBe("contraindicated");
    }),
  );
});
