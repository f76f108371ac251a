import { describe, expect, it } from "vitest";
import { hostPatternCovers } from "./host-pattern.ts";

describe("hostPatternCovers", () => {
  it.each([
    ["api.example.com", "api.example.com", true],
    ["*.my.example.com", "acme.my.example.com", true],
    ["*.my.example.com", "*.my.example.com", true],
    ["*.my.example.com", "my.example.com", false],
    ["*.my.example.com", ".my.example.com", false],
    ["*.my.example.com", "a.b.my.example.com", false],
    ["*.my.example.com", "evilmy.example.com", false],
    ["*.my.example.com", "acme.my.example.com.evil.com", false],
    ["*.my.example.com", "*.other.example.com", false],
    ["acme.my.example.com", "*.my.example.com", false],
    ["api.example.com", "api.example.org", false],
  ])("%s over %s is %s", (pattern, host, covers) => {
    expect(hostPatternCovers(pattern, host)).toBe(covers);
  });
});
