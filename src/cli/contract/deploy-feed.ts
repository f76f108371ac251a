import { deployContracts } from "../../adapters/evm/deploy.ts";
import { loadConfig } from "../../core/config/load-config.ts";
import type { FabricConfig } from "../../core/config/schema.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { defineFeed } from "../../host/feed-definition.ts";
import type { CommandInput, CommandResult } from "../command.ts";
import { formatTime } from "../duration.ts";
import { formatTable } from "../table.ts";
import { admitFeed, findKeys } from "./admit-feed.ts";
import { openAccount, pickChain, readRegistry } from "./open-chain.ts";
import { appraiseDeployed, openSimulatedPackage } from "./open-simulated-package.ts";

interface DeployOptions {
  readonly chain: string | undefined;
  readonly registry: string | undefined;
  readonly description: string | undefined;
  readonly rounds: number;
  readonly keyDays: number;
  readonly adminKey: string | undefined;
}
type Input = Pick<
  CommandInput<{ readonly feed: string }, DeployOptions>,
  "args" | "options" | "global" | "output" | "env" | "signal"
>;

const DAY_SECONDS = 86_400;

/** The configured feed, its package and what its manifest says about it; refuses what no contract can hold. */
const pickFeed = async (config: FabricConfig, id: string) => {
  const feed = config.feeds.find((one) => one.id === id);
  if (config.batches.some((batch) => batch.id === id))
    throw fabricError("USAGE_INVALID", { fault: `${id} is a batch: say so with --batch` });
  if (feed === undefined) throw fabricError("FEED_UNKNOWN", { feed: id });
  const { found, secrets } = await openSimulatedPackage(config, feed.cryptlet);
  const { hash, manifest } = defineFeed(config, feed, found.manifest);
  if (manifest.kind === "record") throw fabricError("FEED_NOT_BINDABLE", { feed: id });
  return { found, secrets, hash, decimals: manifest.decimals };
};

/** The command's whole work. Throws what its parts throw, before any transaction where that can be. */
export const deployFeed = async (input: Input): Promise<CommandResult> => {
  const { args, options, global, output, env, signal } = input;
  const file = global.config;
  const config = loadConfig({ ...(file === undefined ? {} : { file }), env, cwd: process.cwd() });
  const chain = pickChain(config, options.chain);
  const given = readRegistry(options.registry);
  const { found, secrets, hash, decimals } = await pickFeed(config, args.feed);
  const progress = output.progress("Asking the chain");
  try {
    const account = await openAccount(chain, options.adminKey, signal);
    progress.update("Starting the enclave");
    const signer = await appraiseDeployed(config, { found, secrets }, signal);
    progress.update("Deploying");
    const admin = account.signer.address;
    const shared =
      given === null
        ? await deployContracts(account, { verifiers: [admin], threshold: 1, signal })
        : { keys: await findKeys(account, given), registry: given };
    const notAfter = Math.floor(Date.now() / 1_000) + options.keyDays * DAY_SECONDS;
    const { feedStore, created } = await admitFeed(
      account,
      shared,
      {
        hash,
        workload: signer.measurement,
        signer: signer.address,
        evidenceId: signer.evidenceId,
        policyDigest: signer.policyDigest,
        notAfter,
        decimals,
        description: options.description ?? args.feed,
        ringSize: options.rounds,
      },
      { signal },
    );
    const { keys, registry } = shared;
    const binding = { feed: args.feed, chain: chain.name, contract: feedStore };
    const { style } = output;
    return {
      data: {
        feed: args.feed,
        feedHash: hash,
        chain: chain.name,
        chainId: chain.chainId,
        administrator: admin,
        contracts: { keys, registry, feedStore },
        created,
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
            ["feed", `${args.feed} at ${style.bold(feedStore)}${created ? "" : " (was there)"}`],
            ["registry", `${registry}  (--registry for the next feed, or to renew the key)`],
            ["keys", keys],
            ["signer", `${signer.address}, attested until ${formatTime(notAfter * 1_000)}`],
            ["workload", signer.measurement],
            ["administrator", `${admin}  (verifier as well)`],
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
