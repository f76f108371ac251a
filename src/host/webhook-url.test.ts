import { describe, expect, it } from "vitest";
import { MAX_WEBHOOK_URL, parseWebhookUrl } from "./webhook-url.ts";

describe("parseWebhookUrl", () => {
  it("takes https, and http where private addresses are allowed", () => {
    expect(parseWebhookUrl("https://a.example/x?y=1", false).href).toBe("https://a.example/x?y=1");
    expect(parseWebhookUrl("http://127.0.0.1:3000/", true).port).toBe("3000");
  });

  it.each([
    ["http://a.example/", false],
    ["ftp://a.example/", true],
    ["file:///etc/passwd", true],
    ["javascript:alert(1)", true],
    ["https://user@a.example/", true],
    ["https://user:secret@a.example/", true],
    ["https://a.example/#fragment", true],
    ["a.example", true],
    ["", true],
    [`https://a.example/${"x".repeat(MAX_WEBHOOK_URL)}`, true],
  ])("refuses %s", (url, isPrivateAllowed) => {
    expect(() => parseWebhookUrl(url, isPrivateAllowed)).toThrow(
      expect.objectContaining({ code: "WEBHOOK_URL_REFUSED" }),
    );
  });

  it("does not repeat what it refuses: it may hold a password", () => {
    try {
      parseWebhookUrl("https://user:hunter2@a.example/", false);
    } catch (error) {
      expect(JSON.stringify(error)).not.toContain("hunter2");
      expect(String(error)).not.toContain("hunter2");
    }
  });
});
