import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { HDNodeWallet } from "ethers";
import { z } from "zod";
import { readPackage } from "../../enclave-sim/host/read-package.ts";
import { quantity, smallQuantity } from "../../src/adapters/evm/evm-rpc.ts";
import { createEvmAccount, type EvmAccount } from "../../src/adapters/evm/evm-account.ts";
import { deployContracts } from "../../src/adapters/evm/deploy.ts";
import { registryAbi } from "../../src/adapters/evm/feed-abi.ts";
import { registerKey } from "../../src/adapters/evm/register-key.ts";
import {
  createTransactionSigner,
  signTransaction,
} from "../../src/adapters/evm/transaction-signer.ts";
import { startAnvil } from "../../src/cli/anvil.ts";
import { appraiseSigner } from "../../src/cli/contract/appraise-signer.ts";
import { goldPackage } from "../../src/cli/demo/demo-enclave.ts";
import type { FabricConfigInput } from "../../src/core/config/schema.ts";
import {
  addressSchema,
  cryptletIdSchema,
  digestHex,
  fabricIdSchema,
  feedIdSchema,
  type FeedHash,
} from "../../src/core/ids.ts";
import { startProviderEmulator } from "../../src/emulator/start-provider-emulator.ts";
import { computeFeedHash } from "../../src/envelope/feed-hash.ts";

const CHAIN_ID = 31_337;
const FABRIC = fabricIdSchema.parse("bench");
/** Anvil's published development phrase: worth nothing anywhere. */
const PHRASE = "test test test test test test test test test test test junk";
const HOST = 0;
const ADMIN = 1;
/** One key may sign 256 feeds on chain (`CryptletKeys.MAX_FEEDS_PER_KEY`). */
const FEEDS_PER_KEY = 250;
const CREATE_GAS = 1_500_000n;
const KEY_LIFETIME = 30 * 86_400;
/** Transactions that wait for their block at the same time. */
const PIPELINE = 50;

const secretOf = (index: number): string =>
  HDNodeWallet.fromPhrase(PHRASE, undefined, `m/44'/60'/0'/0/${index}`).privateKey;

/** Providers, chain and contracts for a number of gold feeds, and the configuration that joins them. */
export interface SustainedStage {
  readonly configFile: string;
  close(): Promise<void>;
}

/** The gold package once more under another name, and so with other keys. */
const copyPackage = (folder: string, index: number): string => {
  const copy = path.join(folder, `gold-price-${index}`);
  cpSync(goldPackage(), copy, { recursive: true });
  const file = path.join(copy, "cryptlet.json");
  const manifest: object = JSON.parse(readFileSync(file, "utf8")) as object;
  writeFileSync(file, JSON.stringify({ ...manifest, id: `gold-price-${index}` }));
  return copy;
};

/** Sends many calls of one account without waiting for each, then for all. */
const sendMany = async (account: EvmAccount, to: string, calls: readonly string[]) => {
  const { rpc, signer } = account;
  const first = await rpc.call(smallQuantity, "eth_getTransactionCount", [
    signer.address,
    "latest",
  ]);
  const gasPrice = (await rpc.call(quantity, "eth_gasPrice", [])) * 2n;
  const send = async (data: string, nonce: number) => {
    const fields = { type: 0, chainId: CHAIN_ID, nonce, gasPrice, gasLimit: CREATE_GAS, value: 0n };
    const { raw } = await signTransaction({ ...fields, to, data }, signer);
    await rpc.call(z.string(), "eth_sendRawTransaction", [raw]);
  };
  for (let start = 0; start < calls.length; start += PIPELINE)
    await Promise.all(
      calls.slice(start, start + PIPELINE).map((data, index) => send(data, first + start + index)),
    );
};

/** A stage for `feeds` feeds that each look at their sources every `intervalMs` and publish every change. */
export const openSustainedStage = async (options: {
  readonly folder: string;
  readonly feeds: number;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}): Promise<SustainedStage> => {
  const { folder, signal } = options;
  const emulator = await startProviderEmulator({ startPrice: "4000.00", maxStepPpm: 2_000 });
  const anvil = await startAnvil({ chainId: CHAIN_ID, signal });
  const dataDirectory = path.join(folder, "data");
  mkdirSync(dataDirectory, { recursive: true });
  const admin = createEvmAccount({
    rpcUrl: anvil.url,
    signer: createTransactionSigner(secretOf(ADMIN)),
  });
  const verifiers = [admin.signer.address];
  const contracts = await deployContracts(admin, { verifiers, threshold: 1 });
  const cryptlets: NonNullable<FabricConfigInput["cryptlets"]> = [];
  const feeds: NonNullable<FabricConfigInput["feeds"]> = [];
  const bindings: NonNullable<FabricConfigInput["bindings"]> = [];
  for (let from = 0; from < options.feeds; from += FEEDS_PER_KEY) {
    const copy = copyPackage(folder, cryptlets.length);
    const found = await readPackage(copy);
    const cryptlet = cryptletIdSchema.parse(found.manifest.id);
    cryptlets.push({ package: copy });
    const signer = await appraiseSigner({
      found,
      fabric: FABRIC,
      secrets: {},
      sealDirectory: path.join(dataDirectory, "sealed"),
      policy: "bench",
      signal,
    });
    const workload = `0x${digestHex(signer.measurement)}`;
    const attestation = {
      key: signer.address,
      workload,
      tee: "simulator",
      hardware: false,
      svn: 1,
      notAfter: Math.floor(Date.now() / 1_000) + KEY_LIFETIME,
      evidenceId: `0x${digestHex(signer.evidenceId)}`,
      policyDigest: `0x${digestHex(signer.policyDigest)}`,
    } as const;
    await registerKey(admin, contracts.keys, attestation, [admin.signer], { signal });
    const hashes: FeedHash[] = [];
    const names: string[] = [];
    for (let index = from; index < Math.min(options.feeds, from + FEEDS_PER_KEY); index += 1) {
      const feed = feedIdSchema.parse(`gold-${index}`);
      names.push(feed);
      hashes.push(computeFeedHash({ fabric: FABRIC, cryptlet, feed, parameters: null }));
      feeds.push({
        id: feed,
        cryptlet,
        feed: "xau-usd",
        intervalMs: options.intervalMs,
        heartbeatMs: Math.max(options.intervalMs, 86_400_000),
        deviationPpm: 1,
      });
    }
    const admitted = {
      workload,
      threshold: 1,
      requireHardware: false,
      admitted: [signer.address],
    };
    await sendMany(
      admin,
      contracts.registry,
      hashes.map((hash) =>
        registryAbi.encodeFunctionData("createFeed", [hash, admitted, 0, 8, "XAU / USD"]),
      ),
    );
    for (const [index, hash] of hashes.entries()) {
      const data = registryAbi.encodeFunctionData("feedOf", [hash]);
      const answer = await admin.read(contracts.registry, data);
      const [contract] = registryAbi.decodeFunctionResult("feedOf", answer).toArray();
      const feed = names[index] ?? "";
      bindings.push({ feed, chain: "local", contract: addressSchema.parse(contract) });
    }
  }
  writeFileSync(path.join(folder, "host-key"), secretOf(HOST), { mode: 0o600 });
  writeFileSync(path.join(folder, "ca.pem"), emulator.caPem);
  const config: FabricConfigInput = {
    fabric: FABRIC,
    dataDirectory: "data",
    api: { port: 0 },
    providers: {
      mode: "emulated",
      emulator: { address: emulator.address, port: emulator.port, caFile: "ca.pem" },
    },
    // Renamed packages do not ship with the fabric; what is measured is the way from trigger to chain.
    enclave: { insecureAllowSimulated: true, wall: "insecure-none" },
    transcripts: { keep: "none" },
    cryptlets,
    chains: [
      {
        name: "local",
        kind: "evm",
        rpcUrl: anvil.url,
        chainId: CHAIN_ID,
        finality: { kind: "depth", depth: 1 },
        signer: { privateKey: { $file: "host-key" } },
      },
    ],
    feeds,
    bindings,
  };
  const configFile = path.join(folder, "fabric.json");
  writeFileSync(configFile, JSON.stringify(config));
  return {
    configFile,
    close: async () => {
      await anvil.stop();
      await emulator.close();
    },
  };
};
