import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { freePorts } from "../support/free-ports.ts";
import { readPageBlocks } from "../support/page-blocks.ts";
import { createPageRunner, type PageRunner } from "../support/page-runner.ts";

// docs/tutorial.md from its first block to its last, as a reader does it: from the packed package in an empty folder.

const PAGE = "docs/tutorial.md";
const blocks = readPageBlocks(PAGE);

describe("the tutorial", { timeout: 120_000 }, () => {
  let reader: PageRunner;
  beforeAll(async () => {
    const [chain, api, sources] = await freePorts(3);
    reader = createPageRunner({
      packages: ["@foundry-rs/anvil", "ethers", "solc"],
      replace: { "8545": String(chain), "8600": String(api), "8443": String(sources) },
      env: { CRYPTLET_URL: `http://127.0.0.1:${api}` },
    });
  });
  afterAll(() => reader.close());

  it("has blocks of which each says what to do with it", () => {
    expect(blocks.length).toBeGreaterThan(15);
    for (const { language, marks, line } of blocks)
      expect(language === "sh" || language === "text" || marks.has("file"), `${line}`).toBe(true);
  });

  it.each(blocks.map((block) => [`line ${block.line}`, block] as const))("%s", async (_, block) => {
    await expect(reader.run(block)).resolves.toBeUndefined();
  });
});
