import { z } from "zod";

import {
  deployFacade,
  readFeedFacts,
  type FacadePlan,
  type FeedFacts,
} from "../../adapters/evm/deploy-facade.ts";
import { facadeContracts, type FacadeKind } from "../../adapters/evm/facade-kinds.ts";
import { loadConfig } from "../../core/config/load-config.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { addressSchema, type Address } from "../../core/ids.ts";
import type { CommandInput, CommandResult } from "../command.ts";
import { formatTable } from "../table.ts";
import { openAccount, pickChain } from "./open-chain.ts";

interface FacadeOptions {
  readonly kind: FacadeKind | undefined;
  readonly feed: string;
  readonly chain: string | undefined;
  readonly priceId: readonly string[];
  readonly validSeconds: number | undefined;
  readonly name: string | undefined;
  readonly receiverGas: number | undefined;
  readonly allowWithoutErc165: boolean;
  readonly adminKey: string | undefined;
}
type Input = Pick<
  CommandInput<unknown, FacadeOptions>,
  "options" | "global" | "output" | "env" | "signal"
>;

const MAX_PRICE_IDS = 64;
const priceIdSchema = z.string().regex(/^0x[0-9a-fA-F]{64}$/);

const refuse = (fault: string) => fabricError("USAGE_INVALID", { fault });

/** What a reader of each facade must know, in one line. */
const NOTES: Readonly<Record<FacadeKind, string>> = {
  pyth: "conf is 0 (not known) and there is no moving average: docs/facades.md says what differs.",
  api3: "Always 18 decimals, whatever the feed has.",
  chronicle: "18 decimals; 0 and negative values read as no value.",
  forwarder: "Receivers must check sender, metadata and feed id themselves, as with Keystone.",
};

/** The option that each kind alone knows, when it was given. */
const checkOptions = (kind: FacadeKind, options: FacadeOptions): void => {
  const given: readonly (readonly [string, FacadeKind, boolean])[] = [
    ["--price-id", "pyth", options.priceId.length > 0],
    ["--valid-seconds", "pyth", options.validSeconds !== undefined],
    ["--name", "chronicle", options.name !== undefined],
    ["--receiver-gas", "forwarder", options.receiverGas !== undefined],
    ["--allow-without-erc165", "forwarder", options.allowWithoutErc165],
  ];
  for (const [flag, owner, isGiven] of given)
    if (isGiven && owner !== kind) throw refuse(`${flag} is for --kind ${owner}`);
  if (options.priceId.length > MAX_PRICE_IDS)
    throw refuse(`--price-id may be given ${MAX_PRICE_IDS} times`);
  if (options.priceId.some((id) => !priceIdSchema.safeParse(id).success))
    throw refuse("--price-id must be 0x and 64 hex characters");
};

const planFor = (
  kind: FacadeKind,
  feed: Address,
  facts: FeedFacts,
  options: FacadeOptions,
): FacadePlan => {
  const { feedHash, description } = facts;
  const remember = [feedHash];
  const registryOf = (): Address => {
    if (facts.registry !== null) return facts.registry;
    throw refuse(`--kind ${kind} needs a feed of a feed registry, not a member of a batch`);
  };
  switch (kind) {
    case "pyth": {
      const registry = registryOf();
      const priceIds = options.priceId.map((priceId) => ({ priceId, feedHash }));
      const { validSeconds } = options;
      const period = validSeconds === undefined ? {} : { validTimePeriod: validSeconds };
      return { kind, registry, priceIds, remember, ...period };
    }
    case "api3":
      return { kind, feed };
    case "chronicle":
      return { kind, feed, wat: options.name ?? description };
    case "forwarder": {
      const registry = registryOf();
      const { receiverGas, allowWithoutErc165 } = options;
      const limit = receiverGas === undefined ? {} : { gasLimit: receiverGas };
      return { kind, registry, allowWithoutErc165, remember, ...limit };
    }
  }
};

/** The command's whole work. Throws `USAGE_INVALID`, `CHAIN_MISMATCH`, `DEPLOYMENT_FAILED`. */
export const deployFacadeFromConfig = async (input: Input): Promise<CommandResult> => {
  const { options, global, output, env, signal } = input;
  const { kind } = options;
  if (kind === undefined)
    throw refuse(`name one of ${Object.keys(facadeContracts).join(", ")} with --kind`);
  checkOptions(kind, options);
  const feed = addressSchema.safeParse(options.feed);
  if (!feed.success) throw refuse("--feed must be 0x and 40 hex characters");
  const file = global.config;
  const config = loadConfig({ ...(file === undefined ? {} : { file }), env, cwd: process.cwd() });
  const chain = pickChain(config, options.chain);
  const progress = output.progress("Asking the chain");
  try {
    const account = await openAccount(chain, options.adminKey, signal);
    const facts = await readFeedFacts(account, feed.data);
    progress.update("Deploying");
    const facade = await deployFacade(account, planFor(kind, feed.data, facts, options), {
      signal,
    });
    const { registry, feedHash, description, decimals } = facts;
    const { style } = output;
    const ids = kind === "pyth" ? [feedHash, ...options.priceId] : [];
    return {
      data: {
        kind,
        chain: chain.name,
        chainId: chain.chainId,
        facade,
        contract: facadeContracts[kind],
        feed: { address: feed.data, feedHash, registry, description, decimals },
        ...(kind === "pyth" ? { priceIds: ids } : {}),
        ...(kind === "forwarder" ? { workflowOwner: registry } : {}),
      },
      text: [
        formatTable(
          [],
          [
            ["facade", `${style.bold(facade)}  (${facadeContracts[kind]})`],
            ["feed", `${description} at ${feed.data}, ${decimals} decimals`],
            ...ids.map((id) => ["price id", id]),
            ...(kind === "forwarder" && registry !== null ? [["workflow owner", registry]] : []),
          ],
        ),
        "",
        NOTES[kind],
      ].join("\n"),
    };
  } finally {
    progress.stop();
  }
};
