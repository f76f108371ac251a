import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import type {
  CryptletPackage,
  ReplayDifference,
  ReplayReport,
} from "../../enclave-sim/host/enclave.ts";
import { findChainFault } from "../../enclave-sim/host/journal.ts";
import { jsonDifferences } from "../../enclave-sim/host/json-differences.ts";
import type { Transcript } from "../../enclave-sim/protocol/transcript.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { fabricIdSchema } from "../core/ids.ts";
import type { Observation } from "../envelope/observation.ts";
import type { ReplaySubject } from "./read-transcript.ts";
import { createTemporaryFolder } from "./temporary-folder.ts";

/** A replay with what was found before the code even ran. */
export interface ReplayResult extends ReplayReport {
  /** Measurement of the package that was run. */
  readonly measurement: string;
}

/** What a signed statement says about its run, against the transcript that is said to be of it. */
const statementDifferences = (
  { run, cryptlet, value }: Observation,
  transcript: Transcript,
): readonly ReplayDifference[] => {
  const { outcome } = transcript;
  const proposed = "ok" in outcome ? outcome.ok.observation.value : null;
  const signed = {
    run: run.id,
    trigger: run.trigger,
    transcriptDigest: run.transcriptDigest,
    measurement: cryptlet.measurement,
    value,
  };
  return jsonDifferences("statement", signed, {
    run: transcript.runId,
    trigger: transcript.trigger.id,
    transcriptDigest: transcript.head,
    measurement: transcript.cryptlet.measurement,
    value: proposed,
  });
};

/**
 * Run a recorded run again in an enclave of its own: no network, no secrets, no keys that anyone trusts.
 * Throws `TRANSCRIPT_INVALID` where the chain itself is broken, `PACKAGE_*`, `CRYPTLET_INIT_FAILED`.
 */
export const replayTranscript = async (
  { transcript, observation }: ReplaySubject,
  found: CryptletPackage,
  signal: AbortSignal,
): Promise<ReplayResult> => {
  const fault = findChainFault(transcript);
  if (fault !== null) throw fabricError("TRANSCRIPT_INVALID", { reason: fault });
  const said = observation === null ? [] : statementDifferences(observation, transcript);
  const folder = createTemporaryFolder("cryptlet-replay-");
  const enclave = createEnclave();
  try {
    const names = found.manifest.capabilities.secrets.map(({ name }) => name);
    const loaded = await enclave.load(
      found,
      {
        fabric: fabricIdSchema.parse("replay"),
        secrets: Object.fromEntries(names.map((name) => [name, "not-a-secret"])),
        sources: { mode: "live", allowPrivateAddresses: false },
        feeds: [],
        sealDirectory: folder.path,
      },
      { signal },
    );
    const { measurement } = loaded;
    const recorded = transcript.cryptlet.measurement;
    if (measurement !== recorded) {
      const code = jsonDifferences("code", { measurement: recorded }, { measurement });
      const differences = [...said, ...code];
      return { same: false, differences, transcriptDigest: transcript.head, measurement };
    }
    const report = await loaded.replay(transcript, { signal });
    const differences = [...said, ...report.differences];
    return { ...report, measurement, same: differences.length === 0, differences };
  } finally {
    await enclave.close();
    await folder.remove();
  }
};
