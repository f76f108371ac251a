import { defineCommand } from "../command.ts";

export const replay = defineCommand({
  name: "replay",
  group: "Trust",
  summary: "Run a recorded run again and compare it, bit for bit",
  description:
    "Runs the Cryptlet again on the answers that were recorded, on any machine and without network, and compares " +
    "each call, the outcome and the fuel with the transcript. Given a bundle, a key of the bundle must have " +
    "signed it, the transcript must be the one whose digest was signed, and must lead to the signed value; whether to " +
    "trust that key is the question of envelope verify. A bare envelope brings no keys: what it says is compared, who " +
    "signed it is not asked. A Cryptlet of lane process is compared by its calls and " +
    "its outcome only. A sealed transcript needs the key of an auditor whom the host named.",
  arguments: [
    {
      name: "what",
      help: "Transcript file, bundle or envelope file, or id of a run whose transcript --url has; - reads standard input.",
    },
  ],
  options: {
    package: {
      kind: "text",
      value: "FOLDER",
      help: "the Cryptlet, built or as source; default: this folder's where it has the measurement, else the one that ships with the fabric",
    },
    transcript: {
      kind: "text",
      value: "FILE",
      help: "transcript of the run behind a bundle or envelope; default: asked of --url",
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
    const { findReplayed } = await import("../run/find-replayed.ts");
    const { readReplaySubject } = await import("../read-transcript.ts");
    const { replayTranscript } = await import("../replay-transcript.ts");
    const { formatReplay } = await import("../replay-text.ts");
    const { fabricError } = await import("../../core/errors/fabric-error.ts");
    const where = { fabric: global, transcript: options.transcript, key: options.key, signal };
    const subject = await readReplaySubject(args.what, where);
    const { cryptlet, runId, entries } = subject.transcript;
    const { folder, found } = await findReplayed(cryptlet, options.package, signal);
    const report = await replayTranscript(subject, found, signal);
    const { same, differences } = report;
    const data = { ...report, run: runId, cryptlet, calls: entries.length, packageFolder: folder };
    const result = { data, text: formatReplay(data, output.style) };
    if (same) return result;
    const [first] = differences;
    const place = first && first.path !== "" ? `${first.where}: ${first.path}` : first?.where;
    const count = differences.length;
    return { ...result, failure: fabricError("REPLAY_DIFFERS", { count, first: place ?? "?" }) };
  },
});
