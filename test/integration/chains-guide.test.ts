import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { parseConfig } from "../../src/core/config/load-config.ts";
import { errorCatalogue } from "../../src/core/errors/catalogue.ts";
import { DELIVERY_SUB_STATUSES } from "../../src/core/delivery-sub-status.ts";
import { codeBlock, readCodeBlocks } from "../support/code-blocks.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const GUIDE = "docs/chains.md";
const text = readFileSync(GUIDE, "utf8");
const env = { PROVIDER_A_URL: "https://provider.example/key", SIGNER_TOKEN: "token" };

describe("the guide to chains", () => {
  it("has a configuration that is one, with nothing left out", () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, "provider-b.url"), "https://other.example/key\n");
    writeFileSync(path.join(folder, "host-key.password"), "a password\n");
    const config = parseConfig(JSON.parse(codeBlock(GUIDE, "json")), { env, base: folder });
    const [mainnet, consortium] = config.chains;
    expect(mainnet).toMatchObject({
      quorum: 2,
      finality: { kind: "tag", tag: "finalized" },
      fees: { kind: "market", maxFeePerGas: 100_000_000_000n },
      signer: { kind: "keystore", file: path.join(folder, "host-key.json") },
    });
    expect(mainnet?.endpoints.map(({ name }) => name)).toEqual([
      "own-node",
      "provider-a",
      "provider-b",
    ]);
    expect(consortium).toMatchObject({
      quorum: 1,
      fees: { kind: "legacy", gasPrice: 0n },
      signer: { kind: "remote", identifier: null },
    });
    expect(config.bindings[0]?.budget).toEqual({
      wei: 50_000_000_000_000_000n,
      windowMs: 86_400_000,
    });
  });

  it("names codes and steps that exist", () => {
    const codes = [...text.matchAll(/`((?:CHAIN|KEYSTORE|BUDGET)_[A-Z_]+)`/g)].map(
      ([, code]) => code,
    );
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.filter((code = "") => !Object.hasOwn(errorCatalogue, code))).toEqual([]);
    const steps = [...text.matchAll(/`(waiting-for-[a-z]+)`/g)].map(([, step = ""]) => step);
    expect(new Set(steps)).toEqual(
      new Set(["waiting-for-fee", "waiting-for-signer", "waiting-for-budget"]),
    );
    expect(DELIVERY_SUB_STATUSES).toEqual(expect.arrayContaining(steps));
  });

  it("names commands that exist", () => {
    const lines = readCodeBlocks(GUIDE).flatMap((block) =>
      block.language === "sh" ? block.text.trim().split("\n") : [],
    );
    expect(lines).toHaveLength(5);
    for (const line of lines)
      expect(
        commands.some(({ name }) => line.startsWith(`cryptlet ${name}`)),
        line,
      ).toBe(true);
  });
});
