import { createServer } from "node:http";
import { once } from "node:events";
import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  Contract,
  Interface,
  JsonRpcProvider,
  Wallet,
  ContractFactory,
  NonceManager,
} from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deployContract } from "../../src/adapters/evm/deploy.ts";
import { commands } from "../../src/cli/commands.ts";
import { createFabricClient } from "../../src/client/fabric-client.ts";
import { encodePythUpdate } from "../../src/client/encode-pyth-update.ts";
import { encodeBase64 } from "../../src/crypto/base64.ts";
import { OBSERVATION_SOLABI_TYPE } from "../../src/envelope/observation.ts";
import { startTestChain } from "../support/anvil.ts";
import { createBundle, createKeyPair } from "../support/bundle-fixture.ts";
import { codeBlock, readCodeBlocks } from "../support/code-blocks.ts";
import {
  createFeedFixture,
  namedKey,
  type FeedFixture,
  type TestFeed,
} from "../support/feed-fixture.ts";
import { runForTest } from "../support/run-cli.ts";
import { ANVIL_SECRETS } from "../support/test-chain.ts";

// docs/facades.md, done as a reader does it: its commands, its consumer, its backend, its figures.

const GUIDE = "docs/facades.md";
const FEED_OF_GUIDE = "0x948b3c65b89df0b4894abe91e6d02fe579834f8f";
const require = createRequire(import.meta.url);

let folder: string;
let config: string;
let fixture: FeedFixture;
let feed: TestFeed;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "cryptlet-facades-"));
  config = path.join(folder, "fabric.json");
  const chain = await startTestChain();
  fixture = await createFeedFixture(chain);
  feed = await fixture.feed("XAU / USD", { keys: [namedKey("guide")] });
  for (const name of ["host-key", "providers-ca.pem"])
    writeFileSync(path.join(folder, name), ANVIL_SECRETS[0], { mode: 0o600 });
  const text = codeBlock("docs/host.md", "json").replace("http://127.0.0.1:8545", chain.url);
  writeFileSync(config, text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const facade = async (...words: readonly string[]) => {
  const run = await runForTest(
    ["contract", "facade", ...words, "--json", "--config", config],
    commands,
  );
  const answer = JSON.parse(run.stdout) as {
    readonly ok: boolean;
    readonly data: { readonly facade: string; readonly priceIds?: readonly string[] };
    readonly error: { readonly code: string };
  };
  return { code: run.code, ...answer };
};

/** The guide's consumer, compiled against Pyth's package. */
const compileConsumer = (): { readonly abi: never; readonly bytecode: string } => {
  const solc = require("solc") as {
    compile(input: string, callbacks: { import(name: string): { contents: string } }): string;
  };
  const input = {
    language: "Solidity",
    sources: { "GoldVault.sol": { content: codeBlock(GUIDE, "solidity") } },
    settings: { outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } } },
  };
  const readImport = (name: string) => ({ contents: readFileSync(require.resolve(name), "utf8") });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readImport })) as {
    readonly contracts: Record<
      string,
      Record<
        string,
        { readonly abi: never; readonly evm: { readonly bytecode: { readonly object: string } } }
      >
    >;
  };
  const vault = output.contracts["GoldVault.sol"]?.["GoldVault"];
  if (!vault) throw new Error("the guide's consumer does not compile");
  return { abi: vault.abi, bytecode: `0x${vault.evm.bytecode.object}` };
};

describe("docs/facades.md", { timeout: 60_000 }, () => {
  it("makes a facade by its command; the consumer reads what the backend fetched", async () => {
    const line = codeBlock(GUIDE, "sh").trim();
    const words = line.replace(FEED_OF_GUIDE, feed.address).split(" ").slice(4);
    const made = await facade(...words);
    expect(made).toMatchObject({ code: 0, ok: true, data: { kind: "pyth" } });
    expect(made.data.priceIds?.[0]).toBe(feed.feedHash);

    const message = await feed.message(1, { observedAt: await fixture.now() });
    const pair = createKeyPair();
    const signatures = message.signatures.map((sig) => ({ keyid: "", sig: encodeBase64(sig) }));
    const bundle = createBundle(pair, undefined, {
      onchain: {
        payload: encodeBase64(message.payload),
        payloadType: OBSERVATION_SOLABI_TYPE,
        signatures,
      },
    });
    const round = {
      feed: "xau-usd",
      feedHash: feed.feedHash,
      round: 1,
      answer: "265010000000",
      value: { kind: "decimal", text: "2650.10", decimals: 8, unit: "USD" },
      observedAt: 1_700_000_000_000,
      issuedAt: 1_700_000_000_500,
      validUntil: 1_700_000_600_000,
      mode: "EMULATED",
      simulated: true,
      envelopeDigest: `sha256:${"cd".repeat(32)}`,
      deliveries: [],
    };
    const server = createServer((request, response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(request.url?.endsWith("/latest") === true ? round : bundle));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
    // The backend of the guide: its lines between the imports and the last.
    const [imports = "", ...lines] = codeBlock(GUIDE, "ts").trim().split("\n");
    expect(imports).toContain("createFabricClient, encodePythUpdate");
    const body = lines.join("\n").replace("http://127.0.0.1:8600", url);
    const printed: string[] = [];
    const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
      ...words: string[]
    ) => (...values: unknown[]) => Promise<void>;
    await new AsyncFunction("createFabricClient", "encodePythUpdate", "console", body)(
      createFabricClient,
      encodePythUpdate,
      { log: (text: string) => printed.push(text) },
    );
    server.closeAllConnections();
    server.close();
    const updateData = JSON.parse(printed[0] ?? "[]") as string[];

    const provider = new JsonRpcProvider(fixture.chain.url, 31_337, { staticNetwork: true });
    const user = new NonceManager(new Wallet(ANVIL_SECRETS[1], provider));
    const { abi, bytecode } = compileConsumer();
    const deployed = await new ContractFactory(abi, bytecode, user).deploy(made.data.facade);
    await deployed.waitForDeployment();
    const vault = new Contract(await deployed.getAddress(), new Interface(abi), user);
    const price: unknown = await vault.getFunction("price").staticCall(updateData);
    expect(price).toBe(265_010_000_000n + 1_234_567n);
    provider.destroy();
  });

  it.each(["api3", "chronicle", "forwarder"])("makes a facade of kind %s", async (kind) => {
    const made = await facade("--kind", kind, "--feed", feed.address);
    expect(made).toMatchObject({
      code: 0,
      ok: true,
      data: { kind, feed: { feedHash: feed.feedHash } },
    });
    expect(await fixture.chain.ask("eth_getCode", made.data.facade, "latest")).not.toBe("0x");
  });

  it.each<[string, readonly string[], string, number]>([
    ["without a kind", ["--feed", FEED_OF_GUIDE], "USAGE_INVALID", 2],
    ["a kind that is none", ["--kind", "tellor", "--feed", FEED_OF_GUIDE], "USAGE_INVALID", 2],
    ["no address", ["--kind", "api3", "--feed", "gold"], "USAGE_INVALID", 2],
    [
      "another kind's option",
      ["--kind", "api3", "--feed", FEED_OF_GUIDE, "--name", "X"],
      "USAGE_INVALID",
      2,
    ],
    [
      "a bad id",
      ["--kind", "pyth", "--feed", FEED_OF_GUIDE, "--price-id", "0x12"],
      "USAGE_INVALID",
      2,
    ],
    [
      "an address without a feed",
      ["--kind", "api3", "--feed", FEED_OF_GUIDE],
      "DEPLOYMENT_FAILED",
      2,
    ],
  ])("refuses %s", async (_, words, code, exit) => {
    const refused = await facade(...words);
    expect([refused.ok, refused.error.code, refused.code]).toEqual([false, code, exit]);
  });

  it("serves a member of a batch where no registry of feeds is needed", async () => {
    const { account, contracts } = fixture;
    const types = ["address", "bytes32", "uint256", "uint8", "string"];
    const values = [contracts.registry, feed.feedHash, 0, 8, "member"];
    const member = await deployContract(account, "BatchFeed", types, values);
    expect((await facade("--kind", "api3", "--feed", member)).ok).toBe(true);
    for (const kind of ["pyth", "forwarder"])
      expect((await facade("--kind", kind, "--feed", member)).error.code).toBe("USAGE_INVALID");
  });

  it("refuses a name that Chronicle's type cannot hold", async () => {
    const words = ["--kind", "chronicle", "--feed", feed.address, "--name", "x".repeat(32)];
    expect((await facade(...words)).error.code).toBe("DEPLOYMENT_FAILED");
  });

  it("tells the gas that was measured", () => {
    const text = readFileSync(GUIDE, "utf8");
    const figures = JSON.parse(
      readFileSync("contracts/facade-gas-snapshot.json", "utf8"),
    ) as Record<string, number>;
    for (const [name, gas] of Object.entries(figures))
      if (!name.includes("first write")) expect(text, name).toContain(gas.toLocaleString("en-US"));
    expect(readCodeBlocks(GUIDE)).toHaveLength(3);
  });
});
