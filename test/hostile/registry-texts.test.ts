import { expect, it } from "vitest";
import { formatSearch } from "../../src/cli/registry/search-text.ts";
import { createStyle } from "../../src/cli/style.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import { cryptletIdSchema } from "../../src/core/ids.ts";

it("lets a registry forge no line, colour or direction of a list", () => {
  const digest = digestOf(new Uint8Array());
  const evil = "Gold\n\u001B[32mxau-usd 9.9.9  by the bank\u001B[39m\u202E\u200B";
  const found = {
    name: cryptletIdSchema.parse("gold-price"),
    version: evil,
    release: digest,
    position: 1,
    recordedAt: 0,
    publisher: digest,
    publisherName: evil,
    description: evil,
    licence: evil,
    lane: "js",
    language: "typescript",
    measurement: digest,
    feeds: [{ id: evil, kind: "decimal", description: evil }],
    capabilities: [evil],
    hosts: [evil],
    chains: [evil],
    calls: [evil],
    state: "revoked" as const,
    reason: evil,
    dependents: 0,
    versions: 1,
    match: "name",
  };
  const text = formatSearch({ packages: [found], next: null, corrections: [] }, createStyle(false));
  expect(text.split("\n")).toHaveLength(4);
  expect(text).not.toMatch(/[\u001B\u202E\u200B]/);
});
