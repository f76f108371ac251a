import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createApi } from "../../src/api/create-api.ts";
import { startAnvil } from "../../src/cli/anvil.ts";
import { commands } from "../../src/cli/commands.ts";
import { connectDemoChain } from "../../src/cli/demo/demo-chain.ts";
import { goldFeedOf, prepareEnclave } from "../../src/cli/demo/demo-enclave.ts";
import { createFabricClient } from "../../src/client/fabric-client.ts";
import { loadConfig } from "../../src/core/config/load-config.ts";
import type { FabricConfigInput } from "../../src/core/config/schema.ts";
import { Secret } from "../../src/core/config/secret.ts";
import { cryptletIdSchema, fabricIdSchema, type FeedId } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { computeFeedHash } from "../../src/envelope/feed-hash.ts";
import { startFabric } from "../../src/host/start-fabric.ts";
import { openGoldStage, type GoldStage } from "../support/gold-stage.ts";
import { openRpcGate } from "../support/rpc-gate.ts";
import { runForTest } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const DAY_MS = 86_400_000;
const SECOND_CHAIN_ID = 31_338;
const TOKEN = "operators-only";

/** A second chain with the same feed on it, behind a gate. */
const openSecondChain = async (stage: GoldStage, signal: AbortSignal) => {
  const anvil = await startAnvil({ chainId: SECOND_CHAIN_ID, signal });
  const gate = await openRpcGate(anvil.url);
  onTestFinished(async () => {
    await gate.close();
    await anvil.stop();
  });
  const dataDirectory = path.join(stage.folder, "data");
  const enclave = await prepareEnclave({ fabric: "stage", dataDirectory, signal });
  const chain = connectDemoChain(anvil.url, signal);
  const contracts = await chain.addFeed(await chain.deploy(), {
    hash: computeFeedHash({
      fabric: fabricIdSchema.parse("stage"),
      cryptlet: cryptletIdSchema.parse(enclave.manifest.id),
      feed: stage.feed,
      parameters: null,
    }),
    workload: enclave.measurement,
    signer: enclave.signer,
    evidenceId: enclave.evidenceId,
    policyDigest: enclave.policyDigest,
    decimals: goldFeedOf(enclave.manifest).decimals,
    description: "XAU / USD",
  });
  return { chain, contracts, gate };
};

/** Host on two chains with its API; commands speak to it with the operator's token. */
const openTwoChains = async () => {
  const stopping = new AbortController();
  const stage = await openGoldStage({
    folder: temporaryFolder(),
    feed: { intervalMs: DAY_MS, heartbeatMs: DAY_MS, deviationPpm: 1 },
    signal: stopping.signal,
  });
  onTestFinished(() => stage.close());
  const second = await openSecondChain(stage, stopping.signal);
  const raw = JSON.parse(readFileSync(stage.configFile, "utf8")) as FabricConfigInput;
  const [first] = raw.chains ?? [];
  if (!first) throw new Error("the stage has no chain");
  const chains = [
    first,
    { ...first, name: "second", rpcUrl: second.gate.url, chainId: SECOND_CHAIN_ID },
  ];
  const bindings = [
    ...(raw.bindings ?? []),
    { feed: stage.feed, chain: "second", contract: second.contracts.feedStore },
  ];
  writeFileSync(stage.configFile, JSON.stringify({ ...raw, chains, bindings }));
  const config = loadConfig({ file: stage.configFile, env: {}, cwd: stage.folder });
  const fabric = await startFabric(config, { log: silentLog });
  onTestFinished(() => fabric.stop());
  const api = createApi({ fabric, log: silentLog, token: new Secret(TOKEN) });
  const url = await api.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => api.close());
  const client = createFabricClient({ url, token: TOKEN });
  const run = (...argv: string[]) =>
    runForTest([...argv, "--url", url, "--json"], commands, { env: { CRYPTLET_API_TOKEN: TOKEN } });
  const latest = async () => (await fabric.feeds.get(stage.feed)).latestRound;
  // The round of the start.
  await expect.poll(latest).toBe(1);
  /** A further round, with a price that makes one. A round needs a later second than the one before. */
  const publish = async (price: string): Promise<void> => {
    const before = await latest();
    stage.emulator.setPrice(price);
    while ((await latest()) === before) await fabric.trigger(stage.feed);
  };
  return { stage, second, fabric, client, run, publish };
};

const outcomeOf = async (
  { client, stage }: Pick<Awaited<ReturnType<typeof openTwoChains>>, "client" | "stage">,
  round: number,
) => (await client.feeds.receipt(stage.feed, round)).outcome;

it("one envelope goes to two chains, and one receipt says on which it landed", async () => {
  const stage = await openTwoChains();
  const { second, client, run, publish } = stage;
  const feed: FeedId = stage.stage.feed;

  await expect.poll(() => outcomeOf(stage, 1)).toBe("landed");
  const receipt = await client.feeds.receipt(feed, 1);
  expect(receipt).toMatchObject({ settled: true, landed: 2, asked: 2, waiting: [] });
  expect(receipt.deliveries.map(({ chain }) => chain).toSorted()).toEqual(["local", "second"]);

  second.gate.shut(true);
  await publish("4100.00");
  await expect.poll(() => outcomeOf(stage, 2)).toBe("partial");
  const partial = await run("delivery", "receipt", feed, "2");
  expect(partial.code).toBe(5);
  expect(JSON.parse(partial.stdout)).toMatchObject({
    ok: false,
    error: { code: "ROUND_NOT_LANDED" },
    data: { outcome: "partial", settled: false, landed: 1, asked: 2 },
  });
  // The chain that is up does not wait for the one that is down.
  expect((await stage.stage.chain.read(stage.stage.contracts)).round).toBe(2);
  expect((await second.chain.read(second.contracts)).round).toBe(1);

  second.gate.shut(false);
  await expect.poll(() => outcomeOf(stage, 2), { timeout: 60_000 }).toBe("landed");
  expect((await run("delivery", "receipt", feed, "2")).code).toBe(0);
  expect((await second.chain.read(second.contracts)).round).toBe(2);
  const [delivery] = await client.deliveries.list({ chain: "second", round: 2 });
  const shown = await client.deliveries.get(delivery?.id ?? "");
  expect(shown.status).toBe("final");
  expect(shown.history.at(-1)).toMatchObject({ status: "final", subStatus: "landed" });
}, 120_000);
