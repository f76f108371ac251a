import { describe, expect, it } from "vitest";
import { cryptletIdSchema, digestSchema } from "../core/ids.ts";
import {
  judgeClaim,
  parseSecretPolicy,
  secretPolicyDigest,
  type SecretPolicy,
} from "./secret-policy.ts";

const A = digestSchema.parse(`sha256:${"aa".repeat(32)}`);
const B = digestSchema.parse(`sha256:${"bb".repeat(32)}`);
const PUBLISHER = "cc".repeat(32);
const policy: SecretPolicy = {
  appraisal: "hardware",
  cryptlets: [cryptletIdSchema.parse("crm-record")],
  measurements: [A],
  publishers: [PUBLISHER],
  hosts: ["host-a"],
  notAfter: "2030-01-01T00:00:00Z",
};
const claim = {
  host: "host-a",
  cryptlet: "crm-record",
  measurement: A,
  publisher: PUBLISHER,
  at: Date.UTC(2029, 0, 1),
};

describe("a secret's policy", () => {
  it("is met by exactly the claim that it names", () => {
    expect(judgeClaim(policy, claim)).toBeNull();
  });

  it.each([
    ["host", { host: "host-b" }],
    ["cryptlet", { cryptlet: "gold-price" }],
    ["measurement", { measurement: B }],
    ["publisher", { publisher: "dd".repeat(32) }],
    ["publisher", { publisher: null }],
    ["expired", { at: Date.UTC(2030, 0, 1) + 1 }],
  ])("says %s of a claim that differs in it", (reason, change) => {
    expect(judgeClaim(policy, { ...claim, ...change })).toBe(reason);
  });

  it("takes measurement or publisher alone, and asks for both where both stand", () => {
    const { publishers: _p, ...measured } = policy;
    const { measurements: _m, ...published } = policy;
    expect(judgeClaim(measured, { ...claim, publisher: null })).toBeNull();
    expect(judgeClaim(published, { ...claim, measurement: B })).toBeNull();
    expect(judgeClaim(policy, { ...claim, measurement: B })).toBe("measurement");
  });

  it("is refused when it names no code, nobody, or something unknown", () => {
    const { publishers: _p, measurements: _m, ...open } = policy;
    const wrong: readonly unknown[] = [
      open,
      { ...policy, hosts: [] },
      { ...policy, cryptlets: [] },
      { ...policy, measurements: [] },
      { ...policy, hosts: ["*"] },
      { ...policy, notAfter: "tomorrow" },
      { ...policy, notAfter: "2030-01-01T00:00:00" },
      { ...policy, notBefore: "2020-01-01T00:00:00Z" },
      { ...policy, appraisal: undefined },
      null,
      "policy",
    ];
    for (const each of wrong)
      expect(() => parseSecretPolicy(each)).toThrowError(
        expect.objectContaining({ code: "CONFIG_INVALID" }),
      );
  });

  it("has one digest, whatever the order of its fields", () => {
    const turned = Object.fromEntries(Object.entries(policy).toReversed());
    expect(secretPolicyDigest(parseSecretPolicy(turned))).toBe(secretPolicyDigest(policy));
    expect(secretPolicyDigest({ ...policy, hosts: ["host-b"] })).not.toBe(
      secretPolicyDigest(policy),
    );
  });
});
