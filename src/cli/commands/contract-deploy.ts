import { BATCH_FORMS } from "../../core/config/batch-forms.ts";
import { defineCommand } from "../command.ts";

export const contractDeploy = defineCommand({
  name: "contract deploy",
  group: "Use",
  summary: "Put a feed on a chain: contracts, the enclave's key, the feed's own address",
  description:
    "Reads the host's configuration, starts the feed's Cryptlet in its enclave on the configured data directory, so " +
    "that its keys are made and sealed, and appraises it as SIMULATED. Then it deploys key registry, rules and feed " +
    "registry, or takes those of --registry, attests the key, registers the feed, and prints the binding for the " +
    "configuration. Run again with --registry it renews the key's attestation and takes a new version of the " +
    "Cryptlet; the feed keeps its address and its rounds. One account is administrator and only verifier, and one " +
    "key signs: enough for development, not for a consortium.",
  arguments: [
    {
      name: "feed",
      help: "Id of a feed, or of a batch, of the configuration, for example xau-usd.",
    },
  ],
  options: {
    batch: {
      kind: "flag",
      help: "the id is a batch's: its contract is deployed, and with --form stored an address for each member",
    },
    form: {
      kind: "choice",
      value: "FORM",
      choices: BATCH_FORMS,
      help: "with --batch: how the binding that is printed keeps values; default: stored",
    },
    chain: {
      kind: "text",
      value: "NAME",
      help: "a chain of the configuration; default: the only one",
    },
    registry: {
      kind: "text",
      value: "ADDRESS",
      help: "registry that is there already; with --batch one of feeds will do, for its keys",
    },
    description: {
      kind: "text",
      value: "TEXT",
      help: "what description() answers, for example XAU / USD; default: the feed's id",
    },
    rounds: {
      kind: "integer",
      value: "NUMBER",
      help: "older rounds that stay readable on chain",
      minimum: 0,
      maximum: 65_535,
      default: 64,
    },
    keyDays: {
      kind: "integer",
      value: "DAYS",
      help: "how long the key is attested",
      minimum: 1,
      maximum: 365,
      default: 30,
    },
    adminKey: {
      kind: "text",
      value: "FILE",
      help: "private key of the administrator, 0x hex; default: chains[].signer of the configuration",
    },
  },
  examples: [
    {
      command: 'cryptlet contract deploy xau-usd --description "XAU / USD"',
      says: "The first feed, with everything it needs.",
    },
    {
      command:
        "cryptlet contract deploy xau-usd --registry 0x948b3c65b89df0b4894abe91e6d02fe579834f8f",
      says: "Renew its key, or add another feed to the same registry.",
    },
    {
      command:
        "cryptlet contract deploy metals --batch --form root --registry 0x948b3c65b89df0b4894abe91e6d02fe579834f8f",
      says: "A batch beside the feeds of that registry, kept as one Merkle root.",
    },
  ],
  exits: {
    3: "no such feed in the configuration",
    5: "the chain does not answer",
    13: "a simulated enclave, which the configuration does not allow",
  },
  run: async (input) => {
    const { batch, form = "stored", ...options } = input.options;
    if (batch) {
      const { deployBatch } = await import("../contract/deploy-batch.ts");
      return deployBatch({ ...input, options: { ...options, form } });
    }
    const { deployFeed } = await import("../contract/deploy-feed.ts");
    return deployFeed(input);
  },
});
