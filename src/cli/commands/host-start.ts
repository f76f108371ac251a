import { defineCommand } from "../command.ts";

export const hostStart = defineCommand({
  name: "host start",
  group: "Operate",
  summary: "Run a host: Cryptlets, database, bus, chains and API",
  description:
    "Reads the configuration (--config, CRYPTLET_CONFIG or fabric.json), starts everything it names, prints one line " +
    "when the API answers and runs until it is stopped. SIGTERM drains: triggers stop, runs finish, what they " +
    "committed goes to the bus and, within five seconds, out to its chains; what a chain has not taken by then stays " +
    "stored and goes on at the next start. It ends with 0. A second signal ends it at once; even then nothing committed is lost. " +
    "Log lines go to standard error.",
  examples: [
    { command: "cryptlet host start --config fabric.json", says: "With this configuration." },
  ],
  exits: {
    5: "a chain, the bus or the API's address is unavailable",
    13: "a simulated enclave, which the configuration does not allow",
  },
  service: true,
  run: async ({ global, output, env, signal }) => {
    const { serveHost } = await import("../serve-host.ts");
    await serveHost({ global, output, env, signal });
    return undefined;
  },
});
