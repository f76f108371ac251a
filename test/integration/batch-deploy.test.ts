import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { batchAbi } from "../../src/adapters/evm/batch-abi.ts";
import { createEvmAccount } from "../../src/adapters/evm/evm-account.ts";
import { feedAbi } from "../../src/adapters/evm/feed-abi.ts";
import { createTransactionSigner } from "../../src/adapters/evm/transaction-signer.ts";
import { contractDeploy } from "../../src/cli/commands/contract-deploy.ts";
import type { FabricConfigInput } from "../../src/core/config/schema.ts";
import { addressSchema } from "../../src/core/ids.ts";
import { openGoldStage } from "../support/gold-stage.ts";
import { runForTest } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { ANVIL_SECRETS } from "../support/test-chain.ts";

const DAY_MS = 86_400_000;
const answer = z.object({
  ok: z.literal(true),
  data: z.object({
    batchHash: z.string(),
    created: z.boolean(),
    contracts: z.object({ registry: addressSchema, batchStore: addressSchema }),
    members: z.array(z.object({ feed: z.string(), feedHash: z.string() })),
    readers: z.array(z.object({ feed: z.string(), contract: addressSchema })),
    binding: z.object({ feed: z.string(), contract: addressSchema, form: z.string() }),
  }),
});

it("puts a batch beside a feed's key registry, and renews its key on the second call", async () => {
  const stopping = new AbortController();
  const stage = await openGoldStage({
    folder: temporaryFolder(),
    feed: { intervalMs: DAY_MS, heartbeatMs: DAY_MS, deviationPpm: 1 },
    signal: stopping.signal,
  });
  onTestFinished(() => stage.close());
  const raw = JSON.parse(readFileSync(stage.configFile, "utf8")) as FabricConfigInput;
  const batches = [
    { id: "metals", feeds: [stage.feed], intervalMs: 60_000, heartbeatMs: DAY_MS, maxListed: 1 },
  ];
  writeFileSync(stage.configFile, JSON.stringify({ ...raw, batches }));
  const adminKey = path.join(stage.folder, "admin-key");
  writeFileSync(adminKey, ANVIL_SECRETS[1]);
  const deploy = async (registry: string, ...words: readonly string[]) => {
    const argv = ["contract", "deploy", "metals", "--batch", "--registry", registry, "--json"];
    argv.push("--config", stage.configFile, "--admin-key", adminKey, ...words);
    const run = await runForTest(argv, [contractDeploy]);
    expect(run.stderr).not.toContain("error");
    expect(run.code).toBe(0);
    return answer.parse(JSON.parse(run.stdout)).data;
  };

  const misnamed = async (...words: readonly string[]) => {
    const argv = ["contract", "deploy", ...words, "--config", stage.configFile, "--json"];
    const run = await runForTest([...argv, "--admin-key", adminKey], [contractDeploy]);
    return [run.code, (JSON.parse(run.stdout) as { error: { code: string } }).error.code];
  };
  expect(await misnamed("metals")).toEqual([2, "USAGE_INVALID"]);
  expect(await misnamed(stage.feed, "--batch")).toEqual([2, "USAGE_INVALID"]);

  const first = await deploy(stage.contracts.feedStore);
  expect(first.created).toBe(true);
  expect(first.binding).toMatchObject({ feed: "metals", form: "stored" });
  const account = createEvmAccount({
    rpcUrl: stage.rpcUrl,
    signer: createTransactionSigner(ANVIL_SECRETS[1]),
  });
  const { batchStore, registry } = first.contracts;
  const read = async (method: string) =>
    batchAbi
      .decodeFunctionResult(
        method,
        await account.read(batchStore, batchAbi.encodeFunctionData(method)),
      )
      .toArray(true) as unknown[];
  expect(await read("batchHash")).toEqual([first.batchHash]);
  expect(await read("members")).toEqual([first.members.map(({ feedHash }) => feedHash)]);
  expect(await read("ring")).toEqual([64n, 60n]);
  const [reader] = first.readers;
  const call = feedAbi.encodeFunctionData("decimals");
  expect(await account.read(reader?.contract ?? batchStore, call)).toMatch(/8$/);

  const again = await deploy(registry);
  expect(again).toMatchObject({ created: false, readers: [], contracts: { batchStore } });
  expect(again.binding.form).toBe("stored");
  const otherForm = await runForTest(
    `contract deploy metals --batch --form root --json --registry ${registry}`
      .split(" ")
      .concat("--config", stage.configFile, "--admin-key", adminKey),
    [contractDeploy],
  );
  expect(`${otherForm.stdout}${otherForm.stderr}`).toContain("BATCH_FORM_WRONG");

  const unknown = await runForTest(
    ["contract", "deploy", "nothing", "--batch", "--json", "--config", stage.configFile],
    [contractDeploy],
  );
  expect(unknown.code).toBe(3);
});
