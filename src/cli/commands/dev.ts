import { defineCommand } from "../command.ts";

export const dev = defineCommand({
  name: "dev",
  group: "Develop",
  summary: "Run a Cryptlet while it is written: reload on save, local chain, market clock",
  description:
    "Builds the Cryptlet of a folder and runs it in the simulator with a database, bus, chain (anvil) and API of its " +
    "own, all of which are gone when it ends. Shows each run, envelope, chain read and log line as it happens, and " +
    "starts anew with every change that is saved; where a build fails the code that ran before goes on. Sources are " +
    "live where the network reaches them, else the folder's recordings answer over real TLS. --at and --speed move " +
    "the clock of enclave, statements and chain. On a terminal r runs now, + moves the clock on, q ends; the control " +
    "address takes the same over HTTP. Secrets come from .dev.vars. The enclave is SIMULATED, and LIVE or EMULATED " +
    "stands beside every value.",
  arguments: [
    { name: "folder", help: "Folder with cryptlet.json; default: here.", optional: true },
  ],
  options: {
    feed: { kind: "list", value: "NAME", help: "this feed of the manifest alone; may be repeated" },
    every: {
      kind: "integer",
      value: "SECONDS",
      help: "between two runs of a feed, market time; default: 10, or 10 real ones where the clock goes faster",
      minimum: 1,
      maximum: 86_400,
    },
    at: { kind: "time", value: "TIME", help: "where the market clock starts; default: now" },
    speed: {
      kind: "integer",
      value: "FACTOR",
      help: "how fast the market clock goes; 0: it stands still, and only r and saving run; default: 1, and 0 from where a recording ends",
      minimum: 0,
      maximum: 3_600,
    },
    sources: {
      kind: "choice",
      value: "MODE",
      help: "where answers come from",
      choices: ["auto", "live", "recorded", "emulated"],
      default: "auto",
    },
    replay: { kind: "text", value: "FILE", help: "answer from this recording, or folder of them" },
    record: { kind: "text", value: "FILE", help: "write what the sources answered" },
    vars: {
      kind: "text",
      value: "FILE",
      help: "secrets, NAME=value lines for its owner alone; default: .dev.vars",
    },
    parameters: {
      kind: "text",
      value: "FILE",
      help: "JSON that every feed is run with; default: parameters.json of the folder, where there is one",
    },
    configuration: { kind: "text", value: "FILE", help: "JSON that ctx.configuration gives" },
    readChain: {
      kind: "list",
      value: "NAME=URL",
      help: "endpoint of a chain that the Cryptlet reads; may be repeated",
    },
    with: {
      kind: "list",
      value: "FOLDER",
      help: "another Cryptlet, which this one calls; may be repeated",
    },
    noChain: { kind: "flag", help: "without a local chain" },
    port: {
      kind: "integer",
      value: "NUMBER",
      help: "port of the API; default: 8600, or a free one where that is taken",
      minimum: 0,
      maximum: 65_535,
    },
    controlPort: {
      kind: "integer",
      value: "NUMBER",
      help: "port of the control address; 0 takes a free one",
      minimum: 0,
      maximum: 65_535,
      default: 0,
    },
    count: {
      kind: "integer",
      value: "NUMBER",
      help: "end after so many rounds, on chain where there is one",
      minimum: 1,
      maximum: 1_000_000,
    },
  },
  examples: [
    { command: "cryptlet dev", says: "The Cryptlet of this folder." },
    {
      command: "cryptlet dev --at 2026-03-01T23:50:00Z --speed 60",
      says: "From ten to midnight on, a minute each second.",
    },
    {
      command: "cryptlet dev --record recordings/today.json",
      says: "Keep what the sources answer, for tests and for later.",
    },
    {
      command: "cryptlet dev --replay recordings/negative.json --count 1 --json",
      says: "One round from a recording, for a machine to read.",
    },
  ],
  exits: {
    3: "the folder or a file does not exist",
    5: "anvil, the sources or a port are not there",
  },
  service: true,
  run: async ({ args, options, global, output, signal }) => {
    const { runDev } = await import("../dev/run-dev.ts");
    await runDev({
      folder: args.folder ?? ".",
      ...options,
      verbose: global.verbose,
      output,
      signal,
    });
    return undefined;
  },
});
