import { defineCommand } from "../command.ts";

export const demo = defineCommand({
  name: "demo",
  group: "Develop",
  summary: "See the whole way once: gold from its sources to a contract",
  description:
    "Starts everything on this machine in a temporary folder: sources (live where the network reaches them, else the " +
    "provider emulator), a local Ethereum chain, contracts, enclave and host. Shows a price on its way from the sources " +
    "to a contract, a price that moves, attacks that are refused, and an offline check. Leaves nothing behind. " +
    "The enclave is SIMULATED, and LIVE or EMULATED stands beside every value.",
  options: {
    keep: { kind: "flag", help: "keep it running with its API until it is stopped" },
    providers: {
      kind: "choice",
      value: "MODE",
      help: "where the sources are",
      choices: ["auto", "live", "emulated"],
      default: "auto",
    },
    port: {
      kind: "integer",
      value: "NUMBER",
      help: "port of the API under --keep; 0 takes a free one",
      minimum: 0,
      maximum: 65_535,
      default: 8_600,
    },
  },
  examples: [
    { command: "cryptlet demo", says: "In words, in about ten seconds." },
    { command: "cryptlet demo --json", says: "The facts as one JSON document." },
    { command: "cryptlet demo --keep", says: "And then something to try the other commands on." },
  ],
  exits: { 5: "anvil is not there, or live sources were asked for and do not answer" },
  run: async ({ options, global, output, signal }) => {
    const { runDemo } = await import("../demo/run-demo.ts");
    return runDemo({ ...options, verbose: global.verbose, output, signal });
  },
});
