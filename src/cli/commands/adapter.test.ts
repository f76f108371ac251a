import { writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestChain } from "../../../test/support/anvil.ts";
import {
  createFeedFixture,
  namedKey,
  type FeedFixture,
} from "../../../test/support/feed-fixture.ts";
import { openFalseNode } from "../../../test/support/false-node.ts";
import { runForTest, type TestRun } from "../../../test/support/run-cli.ts";
import { startSigningService } from "../../../test/support/signing-service.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { ANVIL_SECRETS } from "../../../test/support/test-chain.ts";
import { createTransactionSigner } from "../../adapters/evm/transaction-signer.ts";
import type { ChainFinding } from "../adapter/check-chain.ts";
import { adapterCheck } from "./adapter-check.ts";
import { adapterList } from "./adapter-list.ts";

let fixture: FeedFixture;
let contract: string;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
  ({ address: contract } = await fixture.feed("adapter check", { keys: [namedKey("check")] }));
});

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
const [SECRET] = ANVIL_SECRETS;
const env = { CHAIN_KEY: SECRET };

const chainNamed = (name: string, change: object = {}) => ({
  name,
  kind: "evm",
  rpcUrl: fixture.chain.url,
  chainId: 31_337,
  signer: { privateKey: { $env: "CHAIN_KEY" } },
  ...change,
});
const run = async (
  words: readonly string[],
  chains: readonly object[],
  bindings: readonly object[] = [],
): Promise<TestRun> => {
  const file = path.join(folder, "fabric.json");
  const config = {
    fabric: "check",
    cryptlets: [{ package: path.resolve("dist/cryptlets/gold-price") }],
    feeds: [
      { id: "xau-usd", cryptlet: "gold-price", feed: "xau-usd", intervalMs: 1, heartbeatMs: 1 },
    ],
    chains,
    bindings,
  };
  writeFileSync(file, JSON.stringify(config));
  const commands = [adapterList, adapterCheck];
  return await runForTest([...words, "--config", file, "--json"], commands, { env });
};
const findings = ({ stdout }: TestRun): readonly ChainFinding[] =>
  (JSON.parse(stdout) as { data: { chains: { findings: ChainFinding[] }[] } }).data.chains.flatMap(
    (chain) => chain.findings,
  );
const codesOf = (ran: TestRun) =>
  Object.fromEntries(findings(ran).flatMap(({ part, ok, code }) => (ok ? [] : [[part, code]])));

describe("cryptlet adapter list", () => {
  it("says what is configured, asks nobody and shows no secret", async () => {
    const url = "http://127.0.0.1:1/hidden-key";
    const several = { rpcUrl: undefined, endpoints: [{ url, name: "a" }, { url }] };
    const listed = await run(
      ["adapter", "list"],
      [chainNamed("one", { rpcUrl: url }), chainNamed("two", several)],
      [{ feed: "xau-usd", chain: "two", contract }],
    );
    expect(JSON.parse(listed.stdout)).toMatchObject({
      data: {
        chains: [
          { name: "one", endpoints: ["rpc-1"], quorum: 1, signer: "key", bindings: 0 },
          { name: "two", endpoints: ["a", "rpc-2"], quorum: 2, fees: "market", bindings: 1 },
        ],
      },
    });
    expect(listed.stdout).not.toContain("hidden-key");
    expect(listed.stdout).not.toContain(SECRET);
  });
});

describe("cryptlet adapter check", () => {
  it("finds a chain that deliveries can use, with several endpoints and a remote signer", async () => {
    const service = await startSigningService([SECRET]);
    const { address } = createTransactionSigner(SECRET);
    const endpoints = [1, 2, 3].map(() => ({ url: fixture.chain.url }));
    const chain = chainNamed("local", {
      rpcUrl: undefined,
      endpoints,
      finality: { kind: "tag", tag: "finalized" },
      signer: { remote: { url: service.url, address } },
    });
    const binding = { feed: "xau-usd", chain: "local", contract };
    const checked = await run(["adapter", "check"], [chain], [binding]);
    expect(codesOf(checked)).toEqual({});
    expect(checked.code).toBe(0);
    expect(findings(checked).map(({ part }) => part)).toEqual([
      "endpoint rpc-1",
      "endpoint rpc-2",
      "endpoint rpc-3",
      "chain",
      "finality",
      "fees",
      "signer",
      "balance",
      `feed xau-usd at ${contract}`,
    ]);
    expect(service.seen.some(({ request }) => request.startsWith("POST"))).toBe(true);
  });

  it("names each thing that is not as it must be, and ends with 5", async () => {
    const poor = `0x${"5e".repeat(32)}`;
    writeFileSync(path.join(folder, "poor"), poor);
    const node = await openFalseNode(fixture.chain.url);
    node.behave(async ({ params }, real) =>
      params[0] === "finalized" || params[0] === "safe" ? { result: null } : await real(),
    );
    await fixture.chain.ask("anvil_mine", "0x100");
    const chain = chainNamed("local", {
      rpcUrl: undefined,
      endpoints: [{ url: node.url }, { url: "http://127.0.0.1:1", name: "gone" }],
      quorum: 1,
      fees: { kind: "market", maxFeePerGas: "0" },
      finality: { kind: "tag", tag: "finalized" },
      signer: { privateKey: { $file: "poor" } },
    });
    const checked = await run(["adapter", "check", "local"], [chain, chainNamed("other")]);
    expect(checked.code).toBe(5);
    expect(codesOf(checked)).toEqual({
      "endpoint gone": "CHAIN_UNREACHABLE",
      chain: "CHAIN_FINALITY_UNSUPPORTED",
      fees: "CHAIN_FEES_TOO_HIGH",
    });
    const empty = chainNamed("local", { signer: { privateKey: { $file: "poor" } } });
    const nobody = { feed: "xau-usd", chain: "local", contract: `0x${"12".repeat(20)}` };
    const unpaid = await run(["adapter", "check"], [empty], [nobody]);
    expect(codesOf(unpaid)).toEqual({
      balance: "CHAIN_FUNDS_MISSING",
      [`feed xau-usd at ${nobody.contract}`]: "ONCHAIN_FEED_UNKNOWN",
    });
  });

  it("refuses a chain that is not configured", async () => {
    const checked = await run(["adapter", "check", "mars"], [chainNamed("local")]);
    expect(JSON.parse(checked.stdout)).toMatchObject({ error: { code: "USAGE_INVALID" } });
  });
});
