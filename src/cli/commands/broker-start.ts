import { defineCommand } from "../command.ts";

export const brokerStart = defineCommand({
  name: "broker start",
  group: "Operate",
  summary: "Run a key broker: secrets for enclaves whose evidence it accepts",
  description:
    "Reads the broker's configuration (--config, CRYPTLET_BROKER_CONFIG or broker.json), prints one line when it " +
    "answers and runs until it is stopped. A host asks for a challenge, its enclave makes evidence for it, and the " +
    "secret comes back encrypted to a key that only that enclave holds. docs/key-broker.md goes through it.",
  examples: [
    { command: "cryptlet broker start --config broker.json", says: "With this configuration." },
  ],
  exits: { 5: "the address is taken", 11: "the vault was sealed under another key" },
  service: true,
  run: async ({ global, output, env, signal }) => {
    const { serveBroker } = await import("../broker-source.ts");
    await serveBroker({ global, output, env, signal });
    return undefined;
  },
});
