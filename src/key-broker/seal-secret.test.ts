import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf } from "../crypto/hashes.ts";
import { openSecret, sealSecret, type SealedFacts } from "./seal-secret.ts";

const key = Uint8Array.from(randomBytes(32));
const facts: SealedFacts = { name: "crm-token", version: 1, policy: digestOf(Buffer.from("p")) };
const codeOf = (act: () => unknown): string => {
  try {
    act();
    return "none";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("a sealed secret", () => {
  it("opens under its own facts, is new each time and does not show the value", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 500 }), (value) => {
        const sealed = sealSecret(key, facts, value);
        expect(sealed.length).toBe(value.length + 28);
        expect(Buffer.from(sealed).includes(Buffer.from(value))).toBe(false);
        expect(sealSecret(key, facts, value)).not.toEqual(sealed);
        expect(openSecret(key, facts, sealed)).toEqual(value);
      }),
      { numRuns: 50 },
    );
  });

  it("opens under no other key, name, version or policy", () => {
    const sealed = sealSecret(key, facts, Buffer.from("value"));
    const wrong: readonly SealedFacts[] = [
      { ...facts, name: "crm-tokem" },
      { ...facts, version: 2 },
      { ...facts, policy: digestOf(Buffer.from("q")) },
    ];
    for (const each of wrong)
      expect(codeOf(() => openSecret(key, each, sealed))).toBe("VAULT_SEAL_BROKEN");
    expect(codeOf(() => openSecret(randomBytes(32), facts, sealed))).toBe("VAULT_SEAL_BROKEN");
  });

  it("opens after a change of no byte and at no other length", () => {
    const sealed = sealSecret(key, facts, Buffer.from("value"));
    for (let at = 0; at < sealed.length; at++) {
      const changed = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ 1 : byte));
      expect(codeOf(() => openSecret(key, facts, changed))).toBe("VAULT_SEAL_BROKEN");
      expect(codeOf(() => openSecret(key, facts, sealed.slice(0, at)))).toBe("VAULT_SEAL_BROKEN");
    }
  });
});
