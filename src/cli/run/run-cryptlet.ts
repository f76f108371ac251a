import path from "node:path";

import { replaceFiles } from "../../../enclave-sim/host/replace-files.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { fileFault } from "../../core/errors/file-fault.ts";
import { createMarketClock } from "../../core/market-clock.ts";
import { serializeBundle } from "../../envelope/bundle.ts";
import { writeRecording } from "../../test-kit/recording.ts";
import type { CommandResult } from "../command.ts";
import { parseEndpoints, readJsonFile } from "../dev/dev-inputs.ts";
import { chooseSources, type DevSourcesDesk } from "../dev/dev-sources.ts";
import { readDevVars, VARS_FILE } from "../dev/dev-vars.ts";
import { toJsonText } from "../output.ts";
import { recordingOf } from "../recording-of.ts";
import type { Style } from "../style.ts";
import { type RunJson, type RunOptions, type RunOutcome, runOnce } from "./run-once.ts";
import { createRunReport } from "./run-report.ts";
import { chooseFeed, openRunSubject } from "./run-subject.ts";
import { formatRun } from "./run-text.ts";

/** Flags of the command. */
export interface RunFlags {
  readonly feed: string | undefined;
  readonly input: string | undefined;
  readonly sources: "auto" | "live" | "recorded" | "emulated";
  readonly at: number | undefined;
  readonly parameters: string | undefined;
  readonly configuration: string | undefined;
  readonly vars: string | undefined;
  readonly readChain: readonly string[];
  readonly record: string | undefined;
  readonly out: string | undefined;
  readonly sign: boolean;
}

/** Stands for a secret that recorded sources do not ask after. */
const PLACEHOLDER = "not-a-secret";

/** Values of the secrets that the manifest names; recorded sources need none. */
const secretsFor = async (
  names: readonly string[],
  file: string,
  { emulator }: DevSourcesDesk,
): Promise<{
  readonly values: Readonly<Record<string, string>>;
  readonly real: readonly string[];
}> => {
  if (names.length === 0) return { values: {}, real: [] };
  const vars = await readDevVars(file);
  const known = names.flatMap((name) => {
    const found = vars?.get(name)?.reveal();
    return found === undefined ? [] : [[name, found] as const];
  });
  const placed = emulator ? names.map((name) => [name, PLACEHOLDER] as const) : [];
  return {
    values: Object.fromEntries([...placed, ...known]),
    real: known.map(([, value]) => value),
  };
};

const writeOut = async (
  folder: string,
  { report, transcript, bundle }: RunOutcome,
  { said, sign }: { readonly said: unknown; readonly sign: boolean },
): Promise<readonly string[]> => {
  const texts: readonly (readonly [string, string | null])[] = [
    ["run.json", toJsonText(said)],
    ["observation.json", report && toJsonText(report.observation)],
    ["transcript.json", transcript && toJsonText(transcript)],
    ["bundle.json", sign && bundle ? serializeBundle(bundle) : null],
  ];
  const files = texts.flatMap(([name, text]) =>
    text === null ? [] : [{ name, bytes: Buffer.from(`${text}\n`) }],
  );
  await replaceFiles(folder, files).catch((error: unknown) => {
    throw fabricError(
      "FILE_UNWRITABLE",
      { file: folder, reason: fileFault(error) },
      { cause: error },
    );
  });
  return files.map(({ name }) => path.join(folder, name));
};

/**
 * The command's whole work: one run, and what came of it. Throws `PACKAGE_*`, `SOURCE_FORBIDDEN`, `RECORDING_INVALID`,
 * `DEV_SOURCES_MISSING`, `DEV_VARS_*`, `CRYPTLET_INIT_FAILED`, `FILE_*`, `USAGE_INVALID`.
 */
export const runCryptlet = async (
  folder: string,
  flags: RunFlags,
  { style, signal }: { readonly style: Style; readonly signal: AbortSignal },
): Promise<CommandResult> => {
  const endpoints = parseEndpoints(flags.readChain);
  const { found, mapper } = await openRunSubject(folder, signal);
  const { manifest } = found;
  const feed = chooseFeed(found, flags.feed);
  const parameters = (await readJsonFile(flags.parameters, signal)) as RunJson;
  const configuration = (await readJsonFile(flags.configuration, signal)) as RunJson;
  const missing: { readonly method: string; readonly url: string }[] = [];
  // The clock begins where the recording ends, and the recording answers by the clock.
  let now = () => flags.at ?? Date.now();
  const { desk, reason } = await chooseSources({
    manifest,
    folder,
    asked: flags.sources,
    replay: flags.input,
    endpoints,
    now: () => now(),
    emit: (event) => {
      if (event.type === "not-recorded") missing.push(event);
    },
    signal,
  });
  try {
    const start = flags.at ?? desk.span?.to ?? null;
    const clock = createMarketClock({ at: start, speed: start === null ? 1 : 0 });
    now = () => clock.now();
    const names = manifest.capabilities.secrets.map(({ name }) => name);
    const file = flags.vars ?? path.join(folder, VARS_FILE);
    const { values, real } = await secretsFor(names, file, desk);
    const options: RunOptions = {
      found,
      feed: feed.id,
      parameters,
      configuration,
      secrets: values,
      clock,
      desk,
      signal,
    };
    const outcome = await runOnce(options);
    const report = createRunReport(options, outcome, { mapper, reason, desk });
    const bundle = flags.sign ? outcome.bundle : null;
    const notRecorded = missing.map(({ method, url }) => `${method} ${url}`);
    const said = { ...report, notRecorded, ...(bundle ? { bundle } : {}) };
    const files = [
      ...(flags.out === undefined
        ? []
        : await writeOut(flags.out, outcome, { said: report, sign: flags.sign })),
    ];
    if (flags.record !== undefined && outcome.transcript) {
      const recording = recordingOf(outcome.transcript, { secrets: real });
      await writeRecording(flags.record, recording, { secrets: real });
      files.push(flags.record);
    }
    const { error } = outcome;
    const text = [
      formatRun(report, { style, mapper, error, files }),
      ...notRecorded.map((line) => style.warn(`not recorded: ${line}`)),
    ].join("\n");
    return { data: { ...said, files }, text, ...(error ? { failure: error } : {}) };
  } finally {
    await desk.close();
  }
};
