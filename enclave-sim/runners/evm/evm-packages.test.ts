import { existsSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { evmPackages } from "./evm-packages.ts";

test("ethereumjs comes with what it imports, each once, and nothing of the fabric", () => {
  const packages = evmPackages();
  const names = packages.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(["@ethereumjs/evm", "@ethereumjs/statemanager", "@noble/hashes"]),
  );
  expect(new Set(names).size).toBe(names.length);
  for (const { folder } of packages)
    expect(existsSync(path.join(folder, "package.json"))).toBe(true);
  expect(names).not.toContain("esbuild");
});
