import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { freePorts } from "../support/free-ports.ts";
import { readPageBlocks } from "../support/page-blocks.ts";
import { createPageRunner, type PageRunner } from "../support/page-runner.ts";

// The pages for newcomers from their first block to their last, as a reader does them: from the packed package, in an
// empty folder. The first list goes on where the page before it ended, the second begins anew each time.

const TUTORIAL = [
  "docs/tutorial.md",
  "docs/how-to/verify-a-bundle.md",
  "docs/how-to/pull-on-chain.md",
  "docs/how-to/run-a-registry.md",
  "docs/how-to/mirror-a-registry.md",
];
const GUIDES = [
  "docs/how-to/write-a-recording.md",
  "docs/how-to/add-a-source.md",
  "docs/how-to/keep-a-secret.md",
  "docs/how-to/webhooks.md",
];
/** Ports that the pages name. */
const PORTS = ["8443", "8444", "8545", "8600", "8601", "8602", "8700"];

const doPages = (pages: readonly string[], before = ""): void => {
  let reader: PageRunner;
  beforeAll(async () => {
    const free = (await freePorts(PORTS.length)).map(String);
    const replace = Object.fromEntries(PORTS.map((port, index) => [port, free[index] ?? port]));
    reader = createPageRunner({
      packages: ["@foundry-rs/anvil", "ethers", "solc"],
      replace,
      env: { CRYPTLET_URL: `http://127.0.0.1:${replace["8600"]}` },
    });
    if (before !== "")
      await reader.run({ language: "sh", marks: new Map(), text: before, line: 0 });
  });
  afterAll(() => reader.close());

  describe.each(pages)("%s", (page) => {
    const blocks = readPageBlocks(page);

    it("says of each block what to do with it", () => {
      expect(blocks.length).toBeGreaterThan(3);
      for (const { language, marks, line } of blocks)
        expect(/^(sh|text|json)$/.test(language) || marks.has("file"), `line ${line}`).toBe(true);
    });

    it.each(blocks.map((block) => [block.line, block] as const))("line %i", async (_, block) => {
      await expect(reader.run(block)).resolves.toBeUndefined();
    });
  });
};

describe("the tutorial and what goes on from it", { timeout: 120_000 }, () => {
  doPages(TUTORIAL);
});

describe("guides that begin with nothing", { timeout: 120_000 }, () => {
  doPages(GUIDES, "npm install");
});
