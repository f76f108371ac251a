import { batchAbi, batchRegistryAbi } from "../../adapters/evm/batch-abi.ts";
import {
  batchForms,
  deployBatchContracts,
  registerBatch,
  registerBatchFeed,
} from "../../adapters/evm/deploy-batch.ts";
import { deployContracts, toSignersTuple } from "../../adapters/evm/deploy.ts";
import type { EvmAccount } from "../../adapters/evm/evm-account.ts";
import { loadConfig } from "../../core/config/load-config.ts";
import type { FabricConfig } from "../../core/config/schema.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { addressSchema, type Address, type FeedHash } from "../../core/ids.ts";
import { defineBatch } from "../../host/batch-definition.ts";
import { defineFeed } from "../../host/feed-definition.ts";
import type { CommandInput, CommandResult } from "../command.ts";
import { formatTime } from "../duration.ts";
import { formatTable } from "../table.ts";
import { findKeys } from "./admit-feed.ts";
import { attestSigner, toBytes32 } from "./attest-signer.ts";
import { openAccount, pickChain, readRegistry } from "./open-chain.ts";
import { appraiseDeployed, openSimulatedPackage } from "./open-simulated-package.ts";

type Form = "stored" | "packed" | "root";

/** Options of `contract deploy` as far as a batch has a use for them. */
export interface DeployBatchOptions {
  readonly chain: string | undefined;
  readonly registry: string | undefined;
  readonly description: string | undefined;
  readonly form: Form;
  readonly rounds: number;
  readonly keyDays: number;
  readonly adminKey: string | undefined;
}
type Input = Pick<
  CommandInput<{ readonly feed: string }, DeployBatchOptions>,
  "args" | "options" | "global" | "output" | "env" | "signal"
>;

const DAY_SECONDS = 86_400;
const ZERO = /^0x0{64}$/;

/** The configured batch with its members, and the package whose keys sign it. */
const pickBatch = async (config: FabricConfig, id: string) => {
  const settings = config.batches.find((one) => one.id === id);
  if (!settings && config.feeds.some((feed) => feed.id === id))
    throw fabricError("USAGE_INVALID", { fault: `${id} is a feed: leave --batch out` });
  if (!settings) throw fabricError("FEED_UNKNOWN", { feed: id });
  const first = config.feeds.find((feed) => feed.id === settings.feeds[0]);
  const cryptlet = first?.cryptlet ?? "?";
  const { found, secrets } = await openSimulatedPackage(config, cryptlet);
  const feeds = config.feeds
    .filter((feed) => feed.cryptlet === cryptlet)
    .map((feed) => defineFeed(config, feed, found.manifest));
  const batch = defineBatch(config, settings, { manifest: found.manifest, feeds });
  return { found, secrets, batch };
};

/** The batch's address in a batch registry; null when it has none yet. Undefined for a registry of feeds. */
const findBatch = async (
  account: EvmAccount,
  registry: Address,
  hash: FeedHash,
): Promise<Address | null | undefined> => {
  const data = batchRegistryAbi.encodeFunctionData("batchOf", [hash]);
  const answer = await account.rpc.ask("eth_call", [{ to: registry, data }, "latest"]);
  const word = answer.ok && typeof answer.result === "string" ? answer.result : "";
  if (word.length !== 66) return undefined;
  return ZERO.test(word) ? null : addressSchema.parse(`0x${word.slice(26)}`);
};

/** A batch's contract keeps one form for ever. Throws `BATCH_FORM_WRONG`. */
const checkForm = async (
  account: EvmAccount,
  batch: Address,
  { feed, form }: { readonly feed: string; readonly form: Form },
): Promise<void> => {
  const kept = batchForms[Number(await account.read(batch, batchAbi.encodeFunctionData("form")))];
  if (kept !== form)
    throw fabricError("BATCH_FORM_WRONG", {
      feed,
      form,
      reason: `its contract ${batch} keeps the form ${kept ?? "of no batch"}`,
    });
};

/** Key registry and batch registry: those that are there, or new ones beside what is there. */
const ensureContracts = async (
  account: EvmAccount,
  given: Address | null,
  hash: FeedHash,
  signal: AbortSignal,
): Promise<{
  readonly keys: Address;
  readonly registry: Address;
  readonly known: Address | null;
}> => {
  if (given === null) {
    const verifiers = [account.signer.address];
    const { keys } = await deployContracts(account, { verifiers, threshold: 1, signal });
    const { registry } = await deployBatchContracts(account, { keys }, { signal });
    return { keys, registry, known: null };
  }
  const keys = await findKeys(account, given);
  const known = await findBatch(account, given, hash);
  if (known !== undefined) return { keys, registry: given, known };
  const { registry } = await deployBatchContracts(account, { keys }, { signal });
  return { keys, registry, known: null };
};

/** `contract deploy --batch`: the whole work. Throws what its parts throw, before any transaction where that can be. */
export const deployBatch = async (input: Input): Promise<CommandResult> => {
  const { args, options, global, output, env, signal } = input;
  const file = global.config;
  const config = loadConfig({ ...(file === undefined ? {} : { file }), env, cwd: process.cwd() });
  const chain = pickChain(config, options.chain);
  const given = readRegistry(options.registry);
  const { found, secrets, batch } = await pickBatch(config, args.feed);
  const { feed, members, settings } = batch;
  const progress = output.progress("Asking the chain");
  try {
    const account = await openAccount(chain, options.adminKey, signal);
    progress.update("Starting the enclave");
    const signer = await appraiseDeployed(config, { found, secrets }, signal);
    progress.update("Deploying");
    const contracts = await ensureContracts(account, given, feed.hash, signal);
    const { keys, registry, known } = contracts;
    if (known !== null) await checkForm(account, known, { feed: args.feed, form: options.form });
    const notAfter = Math.floor(Date.now() / 1_000) + options.keyDays * DAY_SECONDS;
    const { address: key, measurement, evidenceId, policyDigest } = signer;
    const attestation = { signer: key, workload: measurement, evidenceId, policyDigest, notAfter };
    await attestSigner(account, keys, attestation, { signal });
    const workload = toBytes32(measurement);
    const description = options.description ?? args.feed;
    if (known !== null) {
      const signers = toSignersTuple({ workload, threshold: 1, signers: [key] });
      const data = batchRegistryAbi.encodeFunctionData("setSigners", [feed.hash, signers]);
      await account.send(`signers of ${description}`, { to: registry, data }, { signal });
    }
    const address =
      known ??
      (await registerBatch(
        account,
        registry,
        {
          batchHash: feed.hash,
          members: members.map(({ hash }) => hash),
          workload,
          signers: [key],
          threshold: 1,
          form: options.form,
          ringSize: options.rounds,
          ringSpacing: Math.max(1, Math.floor(settings.intervalMs / 1_000)),
          description,
        },
        { signal },
      ));
    const readers: { feed: string; contract: Address }[] = [];
    // Only stored values can be read without a proof, and only a new batch has no readers yet.
    if (options.form === "stored" && known === null)
      for (const [place, member] of members.entries())
        if (member.manifest.kind === "decimal")
          readers.push({
            feed: member.id,
            contract: await registerBatchFeed(
              account,
              registry,
              {
                batch: address,
                batchHash: feed.hash,
                place,
                decimals: member.manifest.decimals,
                description: member.id,
              },
              { signal },
            ),
          });
    const binding = { feed: feed.id, chain: chain.name, contract: address, form: options.form };
    const { style } = output;
    return {
      data: {
        batch: feed.id,
        batchHash: feed.hash,
        chain: chain.name,
        chainId: chain.chainId,
        administrator: account.signer.address,
        contracts: { keys, registry, batchStore: address },
        created: known === null,
        members: members.map(({ id, hash }) => ({ feed: id, feedHash: hash })),
        readers,
        key: {
          address: signer.address,
          measurement: signer.measurement,
          simulated: true,
          notAfter: notAfter * 1_000,
        },
        binding,
      },
      text: [
        formatTable(
          [],
          [
            [
              "batch",
              `${feed.id} at ${style.bold(address)}${known === null ? "" : " (was there)"}`,
            ],
            ["registry", `${registry}  (--registry for the next batch, or to renew the key)`],
            ["keys", keys],
            ["signer", `${signer.address}, attested until ${formatTime(notAfter * 1_000)}`],
            ...readers.map(({ feed: name, contract }) => [name, contract]),
          ],
        ),
        "",
        "For the host's configuration:",
        `"bindings": [${JSON.stringify(binding)}]`,
        style.warn("The key is of a SIMULATED enclave and registered as such: hardware = false."),
      ].join("\n"),
    };
  } finally {
    progress.stop();
  }
};
