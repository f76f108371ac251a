import { existsSync } from "node:fs";

import { defineCommand } from "../command.ts";

export const replay = defineCommand({
  name: "replay",
  group: "Trust",
  summary: "Run a recorded run again and compare it, bit for bit",
  description:
    "Runs the Cryptlet again on the answers that were recorded, on any machine and without network, and compares " +
    "each call, the outcome and the fuel with the transcript. Given a bundle, a key of the bundle must have " +
    "signed it, the transcript must be the one whose digest was signed, and must lead to the signed value; whether to " +
    "trust that key is the question of envelope verify. A Cryptlet of lane process is compared by its calls and " +
    "its outcome only. A sealed transcript needs the key of an auditor whom the host named.",
  arguments: [
    {
      name: "what",
      help: "Transcript file, bundle file, or id of a run whose transcript --url has; - reads standard input.",
    },
  ],
  options: {
    package: {
      kind: "text",
      value: "FOLDER",
      help: "the Cryptlet, built or as source; default: the one of that id that ships with the fabric",
    },
    transcript: {
      kind: "text",
      value: "FILE",
      help: "transcript of a bundle's run; default: asked of --url",
    },
    key: {
      kind: "text",
      value: "FILE",
      help: "X25519 secret key of an auditor in hex, for a sealed transcript (docs/enclave.md makes one)",
    },
  },
  examples: [
    {
      command: "cryptlet replay bundle.json --package dist/cryptlets/gold-price",
      says: "Does the signed value follow from what the sources answered?",
    },
    {
      command: "cryptlet replay transcript.json --json | jq .data.differences",
      says: "What differs, field by field.",
    },
  ],
  exits: {
    3: "no such file, run or transcript",
    4: "the transcript is sealed, and not for this key",
    5: "nothing answers at --url",
    11: "the bundle was changed after signing",
    12: "the bundle does not carry the key that signed it",
    14: "the transcript is broken, or the replay differs",
  },
  run: async ({ args, options, global, output, signal }) => {
    const { openPackage } = await import("../open-package.ts");
    const { readReplaySubject } = await import("../read-transcript.ts");
    const { replayTranscript } = await import("../replay-transcript.ts");
    const { formatReplay } = await import("../replay-text.ts");
    const { builtFile } = await import("../built-file.ts");
    const { fabricError } = await import("../../core/errors/fabric-error.ts");
    const where = { fabric: global, transcript: options.transcript, key: options.key, signal };
    const subject = await readReplaySubject(args.what, where);
    const { cryptlet, runId, entries } = subject.transcript;
    const folder = options.package ?? builtFile("cryptlets", cryptlet.id);
    if (options.package === undefined && !existsSync(folder))
      throw fabricError("USAGE_INVALID", {
        fault: `${cryptlet.id} does not ship with the fabric: name its package with --package`,
      });
    const { found } = await openPackage(folder);
    const report = await replayTranscript(subject, found, signal);
    const { same, differences } = report;
    const data = { ...report, run: runId, cryptlet, calls: entries.length };
    const result = { data, text: formatReplay(data, output.style) };
    if (same) return result;
    const [first] = differences;
    const place = first && first.path !== "" ? `${first.where}: ${first.path}` : first?.where;
    const count = differences.length;
    return { ...result, failure: fabricError("REPLAY_DIFFERS", { count, first: place ?? "?" }) };
  },
});
