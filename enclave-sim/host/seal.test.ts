import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestSchema } from "../../src/core/ids.ts";
import { seal, type SealIdentity, type SealRequest, unseal } from "./seal.ts";

const digest = (byte: string) => digestSchema.parse(`sha256:${byte.repeat(32)}`);
const identity: SealIdentity = {
  mrenclave: digest("ab"),
  mrsigner: "cd".repeat(32),
  prodId: 1,
  svn: 2,
  cpuSvn: new Uint8Array(16).fill(2),
  debug: false,
};
const KEYSET: SealRequest = { policy: "MRENCLAVE", purpose: "keyset" };
const STATE: SealRequest = { policy: "MRSIGNER", purpose: "state" };
const secret = randomBytes(32);
const refused = expect.objectContaining({ code: "SEAL_REFUSED" });
const plain = new TextEncoder().encode("what nobody else may read");
const open = (
  text: string,
  own: SealIdentity = identity,
  request: SealRequest = KEYSET,
  key: Uint8Array = secret,
) => unseal(key, own, request, { text, path: "file" });
/** Versions with one component raised or lowered. */
const versions = (index: number, by: number) =>
  identity.cpuSvn.map((version, at) => (at === index ? version + by : version));

test("what was sealed opens again, and looks different every time", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(), (bytes, counter) => {
      const request = { ...KEYSET, counter };
      const [first, second] = [1, 2].map(() => seal(secret, identity, request, bytes));
      expect(first).not.toBe(second);
      expect(open(first ?? "", identity, request)).toEqual({ plain: bytes, counter });
    }),
  );
});

describe("security versions", () => {
  test.each([
    ["the enclave's", { ...identity, svn: 3 }],
    ["the platform's", { ...identity, cpuSvn: versions(5, 1) }],
  ])("a newer one of %s opens an older blob, an older one never a newer", (_what, newer) => {
    expect(open(seal(secret, identity, KEYSET, plain), newer).plain).toEqual(plain);
    const blob = seal(secret, newer, KEYSET, plain);
    expect(() => open(blob, identity)).toThrow(refused);
  });

  test("a platform is newer only where no component is older", () => {
    const mixed = { ...identity, cpuSvn: versions(5, 1).with(6, 1) };
    expect(() => open(seal(secret, identity, KEYSET, plain), mixed)).toThrow(refused);
  });

  test("a blob cannot be relabelled to an older version: its key would be another", () => {
    const newer = { ...identity, svn: 3, cpuSvn: versions(0, 4) };
    const blob = seal(secret, newer, KEYSET, plain);
    const relabelled = blob
      .replace('"svn":3', '"svn":2')
      .replace(Buffer.from(newer.cpuSvn).toString("hex"), "02".repeat(16));
    expect(relabelled).not.toBe(blob);
    expect(() => open(relabelled)).toThrow(refused);
  });
});

describe("policies", () => {
  const sibling: SealIdentity = { ...identity, mrenclave: digest("01") };
  test("MRENCLAVE: this code only", () => {
    expect(() => open(seal(secret, identity, KEYSET, plain), sibling)).toThrow(refused);
  });
  test("MRSIGNER: every package of the publisher's product", () => {
    const blob = seal(secret, identity, STATE, plain);
    expect(open(blob, sibling, STATE).plain).toEqual(plain);
    for (const other of [
      { ...identity, mrsigner: "ef".repeat(32) },
      { ...identity, prodId: 2 },
    ])
      expect(() => open(blob, other, STATE)).toThrow(refused);
  });
  test("MRSIGNER: nothing is sealed to nobody", () => {
    const unsigned = { ...identity, mrsigner: "0".repeat(64) };
    expect(() => seal(secret, unsigned, STATE, plain)).toThrow(refused);
  });
  test("PLATFORM: whatever runs on the machine", () => {
    const request: SealRequest = { policy: "PLATFORM", purpose: "platform" };
    const blob = seal(secret, identity, request, plain);
    const stranger = { ...sibling, debug: true, svn: 0, cpuSvn: new Uint8Array(16) };
    expect(open(blob, stranger, request).plain).toEqual(plain);
    expect(() => open(blob, identity, request, randomBytes(32))).toThrow(refused);
  });
  test("the debug state is part of every enclave's seal, in both directions", () => {
    const debug = { ...identity, debug: true };
    for (const request of [KEYSET, STATE]) {
      expect(() => open(seal(secret, identity, request, plain), debug, request)).toThrow(refused);
      expect(() => open(seal(secret, debug, request, plain), identity, request)).toThrow(refused);
    }
  });
  test("policy and purpose are what is asked for, never what the blob says", () => {
    const blob = seal(secret, identity, STATE, plain);
    expect(() => open(blob, identity, KEYSET)).toThrow(refused);
    expect(() => open(blob, identity, { ...STATE, purpose: "keyset" })).toThrow(refused);
  });
});

test("a blob that was put back is older than its counter", () => {
  const [old, current] = [4, 5].map((counter) =>
    seal(secret, identity, { ...STATE, counter }, plain),
  );
  expect(open(current ?? "", identity, { ...STATE, counter: 5 }).counter).toBe(5);
  expect(() => open(old ?? "", identity, { ...STATE, counter: 5 })).toThrow(refused);
  const raised = (old ?? "").replace('"counter":4', '"counter":5');
  expect(() => open(raised, identity, { ...STATE, counter: 5 })).toThrow(refused);
});

test("a changed blob does not open", () => {
  const blob = seal(secret, identity, KEYSET, plain);
  fc.assert(
    fc.property(fc.nat(blob.length - 1), fc.constantFrom("0", "A", "a", "}"), (at, character) => {
      fc.pre(blob[at] !== character);
      const changed = blob.slice(0, at) + character + blob.slice(at + 1);
      expect(() => open(changed)).toThrow(refused);
    }),
  );
  for (const nonsense of ["", "{}", "null", "[1]", "not json", '{"header":{}}'])
    expect(() => open(nonsense)).toThrow(refused);
});
