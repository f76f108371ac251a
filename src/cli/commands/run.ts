import { defineCommand } from "../command.ts";

export const run = defineCommand({
  name: "run",
  group: "Develop",
  summary: "Run a Cryptlet once, on a recording or on live sources, and show all of it",
  description:
    "Makes one run in the simulator, with the engine, limits and capabilities of every host, and prints the observation, " +
    "what each source answered, the calls through the wall, the log, and how much of its limits the run used. Answers " +
    "come from the recording that --input names, else from live sources where the network reaches them, else from the " +
    "folder's recordings. --at is the time of trigger, enclave and statement; with a recording it is that of its newest " +
    "answer unless told otherwise. What a defect threw is led back to the line of the source. The observation is signed, " +
    "SIMULATED, by keys that are thrown away: what could not be signed is refused here. --out writes what cryptlet " +
    "replay takes. Private runs, of records or with secrets, are written in clear: keep such files to yourself.",
  arguments: [
    {
      name: "package",
      help: "Folder of a built package or of its source; default: here.",
      optional: true,
    },
  ],
  options: {
    feed: {
      kind: "text",
      value: "NAME",
      help: "feed of the manifest; needed where it has several",
    },
    input: { kind: "text", value: "FILE", help: "recording, or folder of them, that answers" },
    sources: {
      kind: "choice",
      value: "MODE",
      help: "where answers come from without --input",
      choices: ["auto", "live", "recorded", "emulated"],
      default: "auto",
    },
    at: { kind: "time", value: "TIME", help: "time of the run; default: see above, else now" },
    parameters: { kind: "text", value: "FILE", help: "JSON that the feed is run with" },
    configuration: { kind: "text", value: "FILE", help: "JSON that ctx.configuration gives" },
    vars: {
      kind: "text",
      value: "FILE",
      help: "secrets, NAME=value lines for its owner alone; default: .dev.vars of the folder",
    },
    readChain: {
      kind: "list",
      value: "NAME=URL",
      help: "endpoint of a chain that the Cryptlet reads; may be repeated",
    },
    record: { kind: "text", value: "FILE", help: "write what the sources answered as a recording" },
    out: {
      kind: "text",
      value: "FOLDER",
      help: "write run.json, observation.json, transcript.json and, with --sign, bundle.json",
    },
    sign: { kind: "flag", help: "give the SIMULATED envelope too, as a bundle" },
  },
  examples: [
    {
      command: "cryptlet run --input recordings/negative.json --at 2026-05-10T12:00:00Z",
      says: "The Cryptlet of this folder, at noon of that day.",
    },
    {
      command: "cryptlet run dist/cryptlets/gold-price --sources emulated --out /tmp/run --sign",
      says: "Gold from emulated providers; bundle and transcript are written, which cryptlet replay takes.",
    },
  ],
  exits: {
    3: "the folder, a file or the feed does not exist",
    5: "the sources gave too little, or the Cryptlet refused for now",
  },
  run: async ({ args, options, output, signal }) => {
    const { runCryptlet } = await import("../run/run-cryptlet.ts");
    const progress = output.progress("running");
    try {
      return await runCryptlet(args.package ?? ".", options, { style: output.style, signal });
    } finally {
      progress.stop();
    }
  },
});
