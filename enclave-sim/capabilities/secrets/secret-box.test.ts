import { describe, expect, it } from "vitest";
import type { SecretManifest } from "../../../src/sdk/manifest.ts";
import { createSecretBox } from "./secret-box.ts";

const manifest: readonly SecretManifest[] = [
  { name: "TOKEN", hosts: ["api.example.com"], optional: false },
  { name: "TENANT", hosts: ["*.my.example.com"], optional: true },
];
const box = createSecretBox(manifest, { TOKEN: "s3cr3t-value", TENANT: "$& $1" });
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
    expect(box.fill("Bearer {{secret:TOKEN}}", "api.example.com")).toBe("Bearer s3cr3t-value");
    expect(box.fill("{{secret:lower}} {{other}}", "api.example.com")).toBe(
      "{{secret:lower}} {{other}}",
    );
  });

  it("takes a value literally, also where it looks like a pattern of replacement", () => {
    expect(box.fill("<{{secret:TENANT}}>", "acme.my.example.com")).toBe("<$& $1>");
  });

  it("refuses a host that the secret is not bound to", () => {
    expect(codeOf(() => box.fill("{{secret:TOKEN}}", "evil.example.com"))).toBe(
      "HTTP_SECRET_NOT_BOUND",
    );
    expect(codeOf(() => box.fill("{{secret:TENANT}}", "a.b.my.example.com"))).toBe(
      "HTTP_SECRET_NOT_BOUND",
    );
  });

  it("refuses unknown names, and names that only a prototype has", () => {
    expect(codeOf(() => box.fill("{{secret:NOBODY}}", "api.example.com"))).toBe(
      "HTTP_SECRET_UNKNOWN",
    );
    expect(codeOf(() => createSecretBox(manifest, { TENANT: "x" }))).toBe("HTTP_SECRET_UNKNOWN");
    const partial = createSecretBox(manifest, { TOKEN: "s3cr3t-value" });
    expect(codeOf(() => partial.fill("{{secret:TENANT}}", "acme.my.example.com"))).toBe(
      "HTTP_SECRET_UNKNOWN",
    );
  });

  it("finds a value that comes back", () => {
    expect(box.appearsIn("you sent s3cr3t-value")).toBe(true);
    expect(box.appearsIn("you sent $& $1")).toBe(false);
  });
});
