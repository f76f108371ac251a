import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { HDNodeWallet } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createEvmAccount } from "../../src/adapters/evm/evm-account.ts";
import { feedAbi } from "../../src/adapters/evm/feed-abi.ts";
import { createTransactionSigner } from "../../src/adapters/evm/transaction-signer.ts";
import { startAnvil, type Anvil } from "../../src/cli/anvil.ts";
import { createFabricClient } from "../../src/client/fabric-client.ts";
import type { FabricConfigInput } from "../../src/core/config/schema.ts";
import {
  startProviderEmulator,
  type ProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import { runCliProcess, startCli } from "../support/cli-process.ts";
import { codeBlock, readCodeBlocks } from "../support/code-blocks.ts";

// docs/host.md, done by the book: its configuration, its commands, on a chain that nothing of ours has touched.

const GUIDE = "docs/host.md";
const MNEMONIC = "test test test test test test test test test test test junk";
const keyOf = (index: number) =>
  HDNodeWallet.fromPhrase(MNEMONIC, undefined, `m/44'/60'/0'/0/${index}`).privateKey;

interface Deployed {
  readonly contracts: { readonly registry: string; readonly feedStore: string };
  readonly administrator: string;
  readonly created: boolean;
  readonly key: { readonly address: string; readonly simulated: boolean };
  readonly binding: { readonly feed: string; readonly chain: string; readonly contract: string };
}

let anvil: Anvil;
let emulator: ProviderEmulator;
let folder: string;
let config: FabricConfigInput;
beforeAll(async () => {
  anvil = await startAnvil({ signal: new AbortController().signal });
  emulator = await startProviderEmulator({ startPrice: "4000.00", maxStepPpm: 0 });
  folder = mkdtempSync(path.join(tmpdir(), "cryptlet-guide-"));
  mkdirSync(path.join(folder, "dist"));
  symlinkSync(path.resolve("dist/cryptlets"), path.join(folder, "dist/cryptlets"));
  writeFileSync(path.join(folder, "host-key"), `${keyOf(0)}\n`, { mode: 0o600 });
  writeFileSync(path.join(folder, "admin-key"), `${keyOf(1)}\n`, { mode: 0o600 });
  writeFileSync(path.join(folder, "providers-ca.pem"), emulator.caPem);
  // The ports are the only thing that is not as in the guide.
  const text = codeBlock(GUIDE, "json")
    .replace("http://127.0.0.1:8545", anvil.url)
    .replace('"port": 8443', `"port": ${emulator.port}`);
  config = { ...(JSON.parse(text) as FabricConfigInput), api: { port: 0 } };
  save();
});
afterAll(async () => {
  await anvil.stop();
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
});

const save = (): void =>
  writeFileSync(path.join(folder, "fabric.json"), JSON.stringify(config, null, 2));

const deploy = async (...words: string[]) => {
  const argv = ["contract", "deploy", ...words, "--json"];
  const { code, stdout } = await runCliProcess(argv, { cwd: folder });
  return { code, ...(JSON.parse(stdout) as { data: Deployed; error?: { code: string } }) };
};

const readFeed = async (contract: string, method: string): Promise<readonly unknown[]> => {
  const signer = createTransactionSigner(keyOf(2));
  const account = createEvmAccount({ rpcUrl: anvil.url, signer });
  const answer = await account.read(contract, feedAbi.encodeFunctionData(method));
  return feedAbi.decodeFunctionResult(method, answer).toArray() as unknown[];
};

const runHost = async (): Promise<{ round: number; answer: bigint }> => {
  const host = startCli(["host", "start", "--json"], { cwd: folder });
  const { url } = JSON.parse(await host.nextLine()) as { url: string };
  const watch = startCli(["feed", "watch", "xau-usd", "--after", "0", "--json", "--url", url]);
  await watch.nextLine();
  watch.child.kill("SIGTERM");
  const { feeds } = createFabricClient({ url });
  // Each turn is a request: it waits for the answer and not for the clock.
  while ((await feeds.latest("xau-usd")).deliveries[0]?.status !== "final");
  host.child.kill("SIGTERM");
  expect(await host.exit).toBe(0);
  const [round, answer] = await readFeed(config.bindings?.[0]?.contract ?? "", "latestRoundData");
  return { round: Number(round), answer: BigInt(String(answer)) };
};

describe("docs/host.md", { timeout: 60_000 }, () => {
  let first: Deployed;

  it("goes from an empty chain to a price on it", async () => {
    const deployed = await deploy("xau-usd", "--description", "XAU / USD");
    expect(deployed).toMatchObject({ code: 0, data: { created: true, key: { simulated: true } } });
    first = deployed.data;
    expect(await readFeed(first.contracts.feedStore, "description")).toEqual(["XAU / USD"]);
    config = { ...config, bindings: [first.binding] };
    save();
    const { round, answer } = await runHost();
    expect(round).toBe(1);
    expect(answer).toBeGreaterThan(390_000_000_000n);
    expect(answer).toBeLessThan(410_000_000_000n);
  });

  it("renews the key on the registry that is there: same address, same rounds", async () => {
    const [before] = await readFeed(first.contracts.feedStore, "latestRound");
    const again = await deploy(
      "xau-usd",
      "--registry",
      first.contracts.registry,
      "--key-days",
      "60",
    );
    expect(again).toMatchObject({ code: 0, data: { created: false, binding: first.binding } });
    expect(again.data.key.address).toBe(first.key.address);
    expect(await readFeed(first.contracts.feedStore, "latestRound")).toEqual([before]);
    const [, notAfter] = await readFeed(first.contracts.feedStore, "signerSet");
    expect(Number(notAfter) * 1_000).toBeGreaterThan(Date.now() + 59 * 86_400_000);
  });

  it("lets another account administer, and refuses one that may not", async () => {
    const other = await deploy("xau-usd", "--admin-key", "admin-key");
    expect(other.code).toBe(0);
    expect(other.data.administrator).not.toBe(first.administrator);
    const stranger = await deploy(
      "xau-usd",
      "--registry",
      first.contracts.registry,
      "--admin-key",
      "admin-key",
    );
    expect(stranger).toMatchObject({ code: 2, error: { code: "DEPLOYMENT_FAILED" } });
  });

  it.each([
    [["xau-eur"], 3, "FEED_UNKNOWN"],
    [["xau-usd", "--chain", "elsewhere"], 2, "USAGE_INVALID"],
    [["xau-usd", "--registry", "0x12"], 2, "USAGE_INVALID"],
    [["xau-usd", "--registry", `0x${"12".repeat(20)}`], 2, "DEPLOYMENT_FAILED"],
    [["xau-usd", "--admin-key", "no-such-file"], 3, "FILE_UNREADABLE"],
    [["xau-usd", "--key-days", "366"], 2, "USAGE_INVALID"],
  ])("refuses %j with %i %s", async (words, code, error) => {
    expect(await deploy(...words)).toMatchObject({ code, error: { code: error } });
  });

  it("refuses a chain that was not meant and a simulator that nobody allowed", async () => {
    const good = config;
    const [chain] = config.chains ?? [];
    if (chain === undefined) throw new Error("the guide configures a chain");
    config = { ...good, chains: [{ ...chain, chainId: 1 }] };
    save();
    expect(await deploy("xau-usd")).toMatchObject({ code: 2, error: { code: "CHAIN_MISMATCH" } });
    config = { ...good, enclave: {} };
    save();
    const refused = await deploy("xau-usd");
    expect(refused).toMatchObject({ code: 13, error: { code: "SIMULATED_NOT_ALLOWED" } });
    config = good;
    save();
  });

  it("names only commands and scripts that exist", async () => {
    const lines = readCodeBlocks(GUIDE)
      .filter(({ language }) => language === "sh")
      .flatMap(({ text }) => text.trim().split("\n"));
    const own = lines.filter((line) => line.startsWith("npx cryptlet "));
    expect(own.length).toBeGreaterThanOrEqual(5);
    for (const line of own) {
      const words = line.split(" ").slice(2);
      const flags = words.filter((word) => word.startsWith("--"));
      const help = await runCliProcess([...words.slice(0, 2), "--help"]);
      expect(help.code).toBe(0);
      for (const flag of flags) expect(help.stdout).toContain(flag);
    }
    const anvilBin = JSON.parse(
      readFileSync("node_modules/@foundry-rs/anvil/package.json", "utf8"),
    ) as { bin: Record<string, string> };
    expect(Object.keys(anvilBin.bin)).toContain("anvil");
  });
});
