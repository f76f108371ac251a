import { facadeKinds } from "../../adapters/evm/facade-kinds.ts";
import { defineCommand } from "../command.ts";

export const contractFacade = defineCommand({
  name: "contract facade",
  group: "Use",
  summary: "Put a facade before a feed, for contracts that were written for another oracle",
  description:
    "Deploys a contract that answers as the named peer does, out of a feed that is on the chain already, and prints the " +
    "one address that a consumer changes. pyth and forwarder serve every feed of the feed's registry, api3 and " +
    "chronicle the one feed. A contract written for Chainlink needs no facade: it reads the feed's own address. " +
    "Nobody administers a facade, and what it is made with never changes.",
  arguments: [],
  options: {
    kind: {
      kind: "choice",
      value: "PEER",
      choices: facadeKinds,
      help: "whose consumers are served; forwarder: Keystone's",
    },
    feed: { kind: "text", value: "ADDRESS", help: "the feed's own address", required: true },
    chain: {
      kind: "text",
      value: "NAME",
      help: "a chain of the configuration; default: the only one",
    },
    priceId: {
      kind: "list",
      value: "HEX",
      help: "pyth: id that consumers have built in for this feed; repeatable",
    },
    validSeconds: {
      kind: "integer",
      value: "SECONDS",
      help: "pyth: age that the deprecated getPrice accepts; default 60",
      minimum: 1,
      maximum: 31_536_000,
    },
    name: {
      kind: "text",
      value: "TEXT",
      help: "chronicle: what wat() answers, at most 31 bytes; default: the feed's description",
    },
    receiverGas: {
      kind: "integer",
      value: "GAS",
      help: "forwarder: gas that every receiver gets; default 400000",
      minimum: 20_000,
      maximum: 10_000_000,
    },
    allowWithoutErc165: {
      kind: "flag",
      help: "forwarder: also call contracts that do not say that they receive reports",
    },
    adminKey: {
      kind: "text",
      value: "FILE",
      help: "private key of the account that pays, 0x hex; default: chains[].signer of the configuration",
    },
  },
  examples: [
    {
      command:
        "cryptlet contract facade --kind api3 --feed 0x948b3c65b89df0b4894abe91e6d02fe579834f8f",
      says: "One feed as an API3 reader proxy.",
    },
    {
      command:
        "cryptlet contract facade --kind pyth --feed 0x948b3c65b89df0b4894abe91e6d02fe579834f8f --price-id 0x765d2ba906dbc32ca17cc11f5310a89e9ee1f6420508c63861f2f8ba4ee34bb2",
      says: "A Pyth contract for consumers that have Pyth's id of gold built in.",
    },
  ],
  exits: { 5: "the chain does not answer" },
  run: async (input) => {
    const { deployFacadeFromConfig } = await import("../contract/deploy-facade-from-config.ts");
    return deployFacadeFromConfig(input);
  },
});
