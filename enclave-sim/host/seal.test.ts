import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { digestSchema } from "../../src/core/ids.ts";
import { seal, type SealHeader, unseal } from "./seal.ts";

const header: SealHeader = {
  format: "cryptlet-seal/v1",
  vendor: "SIMULATOR-NO-HW!",
  policy: "MRENCLAVE",
  purpose: "keyset",
  measurement: digestSchema.parse(`sha256:${"ab".repeat(32)}`),
  debug: false,
};
const secret = randomBytes(32);
const refused = expect.objectContaining({ code: "SEAL_REFUSED" }) as Error;

test("what was sealed opens again, and looks different every time", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (plain) => {
      const text = seal(secret, header, plain);
      expect(text).not.toBe(seal(secret, header, plain));
      expect([...unseal(secret, header, text, "f")]).toEqual([...plain]);
    }),
  );
});

test("no other platform, measurement, purpose or debug state opens it", () => {
  const text = seal(secret, header, randomBytes(64));
  const others: readonly SealHeader[] = [
    { ...header, measurement: digestSchema.parse(`sha256:${"cd".repeat(32)}`) },
    { ...header, purpose: "platform-key" },
    { ...header, policy: "PLATFORM" },
    { ...header, debug: true },
  ];
  for (const other of others) {
    expect(() => unseal(secret, other, text, "f")).toThrow(refused);
    // Nor does a blob that only claims to be of that kind: the header is in the key and authenticated.
    const forged = JSON.stringify({ ...(JSON.parse(text) as object), header: other });
    expect(() => unseal(secret, other, forged, "f")).toThrow(refused);
  }
  expect(() => unseal(randomBytes(32), header, text, "f")).toThrow(refused);
});

const flip = (text: string | undefined) => {
  const bytes = Buffer.from(text ?? "", "base64");
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return bytes.toString("base64");
};

test("a changed, shortened or foreign blob is refused with a code", () => {
  const blob = JSON.parse(seal(secret, header, randomBytes(64))) as Record<string, string>;
  const changed = ["nonce", "ciphertext", "tag"].map((name) =>
    JSON.stringify({ ...blob, [name]: flip(blob[name]) }),
  );
  const shortTag = JSON.stringify({
    ...blob,
    tag: Buffer.from(blob["tag"] ?? "", "base64")
      .subarray(0, 4)
      .toString("base64"),
  });
  for (const text of [...changed, shortTag, "", "{}", "null", JSON.stringify({ ...blob, more: 1 })])
    expect(() => unseal(secret, header, text, "f")).toThrow(refused);
});
