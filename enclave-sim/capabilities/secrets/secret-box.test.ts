import { describe, expect, it } from "vitest";
import type { SecretManifest } from "../../../src/sdk/manifest.ts";
import { createSecretBox } from "./secret-box.ts";

const manifest: readonly SecretManifest[] = [
  { name: "TOKEN", hosts: ["api.example.com"], optional: false },
  { name: "TENANT", hosts: ["*.my.example.com"], optional: true },
];
const useKey = new Uint8Array(32).fill(7);
const boxOf = (values: Readonly<Record<string, string>>, key = useKey) =>
  createSecretBox(manifest, values, key);
const box = boxOf({ TOKEN: "s3cr3t-value", TENANT: "$& $1" });
const fill = (template: string, host: string, from = box) => from.fill(template, host, new Set());
const codeOf = (run: () => unknown): string => {
  try {
    run();
    return "none";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("createSecretBox", () => {
  it("fills a secret for a host that it is bound to, and nothing else", () => {
    expect(fill("Bearer {{secret:TOKEN}}", "api.example.com")).toBe("Bearer s3cr3t-value");
    expect(fill("{{secret:lower}} {{other}}", "api.example.com")).toBe(
      "{{secret:lower}} {{other}}",
    );
  });

  it("takes a value literally, also where it looks like a pattern of replacement", () => {
    expect(fill("<{{secret:TENANT}}>", "acme.my.example.com")).toBe("<$& $1>");
  });

  it("refuses a host that the secret is not bound to", () => {
    expect(codeOf(() => fill("{{secret:TOKEN}}", "evil.example.com"))).toBe(
      "HTTP_SECRET_NOT_BOUND",
    );
    expect(codeOf(() => fill("{{secret:TENANT}}", "a.b.my.example.com"))).toBe(
      "HTTP_SECRET_NOT_BOUND",
    );
  });

  it("refuses unknown names, and names that only a prototype has", () => {
    expect(codeOf(() => fill("{{secret:NOBODY}}", "api.example.com"))).toBe("HTTP_SECRET_UNKNOWN");
    expect(codeOf(() => boxOf({ TENANT: "x" }))).toBe("HTTP_SECRET_UNKNOWN");
    const partial = boxOf({ TOKEN: "s3cr3t-value" });
    expect(codeOf(() => fill("{{secret:TENANT}}", "acme.my.example.com", partial))).toBe(
      "HTTP_SECRET_UNKNOWN",
    );
  });

  it("finds a value that comes back", () => {
    expect(box.appearsIn("you sent s3cr3t-value")).toBe(true);
    expect(box.appearsIn("you sent $& $1")).toBe(false);
  });

  it("notes which secrets went out, and tells them apart by digests that need the key", () => {
    const used = new Set<string>();
    box.fill("{{secret:TOKEN}} {{secret:TOKEN}}", "api.example.com", used);
    expect([...used]).toEqual(["TOKEN"]);
    box.note("{{secret:TENANT}} {{secret:NOBODY}}", used);
    const uses = box.usesOf(used);
    expect(uses.map(({ name }) => name)).toEqual(["TENANT", "TOKEN"]);
    const digestOf = (value: string, key = useKey) =>
      boxOf({ TOKEN: value }, key).usesOf(new Set(["TOKEN"]))[0]?.digest;
    expect(uses[1]?.digest).toBe(digestOf("s3cr3t-value"));
    expect(digestOf("another-value")).not.toBe(uses[1]?.digest);
    expect(digestOf("s3cr3t-value", new Uint8Array(32))).not.toBe(uses[1]?.digest);
    // The same value under two names is two secrets.
    expect(uses[0]?.digest).not.toBe(
      boxOf({ TOKEN: "$& $1" }).usesOf(new Set(["TOKEN"]))[0]?.digest,
    );
  });

  it("notes nothing that it refused", () => {
    const used = new Set<string>();
    expect(codeOf(() => box.fill("{{secret:TOKEN}}", "evil.example.com", used))).not.toBe("none");
    expect(used.size).toBe(0);
  });
});
