import { describeSource } from "../../enclave-sim/host/build-observation.ts";
import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import type {
  CryptletPackage,
  ReplayDifference,
  ReplayReport,
  RunReport,
} from "../../enclave-sim/host/enclave.ts";
import { findChainFault } from "../../enclave-sim/host/journal.ts";
import { jsonDifferences } from "../../enclave-sim/host/json-differences.ts";
import { determinismOf, type Determinism } from "../../enclave-sim/protocol/lane.ts";
import type { Transcript } from "../../enclave-sim/protocol/transcript.ts";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { fabricIdSchema } from "../core/ids.ts";
import { runReceiptDigest } from "../envelope/run-receipt.ts";
import type { ReplaySubject, SignedStatement } from "./read-transcript.ts";
import { createTemporaryFolder } from "./temporary-folder.ts";

/** A replay with what was found before the code even ran. */
export interface ReplayResult extends ReplayReport {
  /** Measurement of the package that was run. */
  readonly measurement: string;
  /** Ids of the bundle's own keys whose signatures hold; null without a bundle. Whose they are was not asked. */
  readonly signedBy: readonly string[] | null;
  /** What the replay was held against besides the transcript; an envelope's signatures were not checked. */
  readonly statement: "bundle" | "envelope" | null;
  /** How much of the run the comparison covers: what a program did between two calls is not known. */
  readonly determinism: Determinism;
}

const refuse = (reason: string): never => {
  throw fabricError("OBSERVATION_REFUSED", { feed: "replay", reason });
};

/** The sources as the enclave signs them; null where it would sign none of these. */
const sourcesOf = (
  { sources }: RunReport["observation"],
  { entries }: Transcript,
): readonly unknown[] | null => {
  const provenance = entries.flatMap((entry) => entry.provenance);
  try {
    return sources.map((reading) => describeSource(reading, provenance, refuse));
  } catch (error) {
    if (isFabricError(error, "OBSERVATION_REFUSED")) return null;
    throw error;
  }
};

/** What a signed statement says about its run, against the transcript that is said to be of it. */
const statementDifferences = (
  { observation, receipt }: SignedStatement,
  transcript: Transcript,
): readonly ReplayDifference[] => {
  const { run, cryptlet, value, observedAt, market, aggregation, sources } = observation;
  const { outcome } = transcript;
  const proposed = "ok" in outcome ? outcome.ok.observation : null;
  const signed = {
    run: run.id,
    trigger: run.trigger,
    transcriptDigest: run.transcriptDigest,
    measurement: cryptlet.measurement,
    value,
    observedAt,
    market,
    aggregation,
    sources,
  };
  const { head: journalHead, fuel, entries } = transcript;
  const { measurement } = transcript.cryptlet;
  const stated = jsonDifferences("statement", signed, {
    run: transcript.runId,
    trigger: transcript.trigger.id,
    transcriptDigest: journalHead,
    measurement,
    value: proposed?.value ?? null,
    observedAt: proposed?.observedAt ?? null,
    market: proposed?.market ?? null,
    aggregation: proposed?.aggregation ?? null,
    sources: proposed && sourcesOf(proposed, transcript),
  });
  if (receipt === null) return stated;
  const carried = {
    digest: runReceiptDigest(receipt),
    measurement: receipt.measurement,
    journalHead: receipt.journalHead,
    calls: receipt.calls,
    fuel: receipt.fuel,
  };
  const expected = { measurement, journalHead, calls: entries.length, fuel };
  return [
    ...stated,
    ...jsonDifferences("receipt", carried, { digest: run.receiptDigest, ...expected }),
  ];
};

/**
 * Run a recorded run again in an enclave of its own: no network, no secrets, no keys that anyone trusts.
 * Throws `TRANSCRIPT_INVALID` where the chain itself is broken, `PACKAGE_*`, `CRYPTLET_INIT_FAILED`.
 */
export const replayTranscript = async (
  { transcript, statement }: ReplaySubject,
  found: CryptletPackage,
  signal: AbortSignal,
): Promise<ReplayResult> => {
  const fault = findChainFault(transcript);
  if (fault !== null) throw fabricError("TRANSCRIPT_INVALID", { reason: fault });
  const said = statement === null ? [] : statementDifferences(statement, transcript);
  const signedBy = statement?.keyids ?? null;
  const form: ReplayResult["statement"] = statement && (signedBy ? "bundle" : "envelope");
  const determinism = determinismOf(found.manifest.lane);
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
      const facts = { transcriptDigest: transcript.head, measurement, signedBy, determinism };
      const held = { ...facts, statement: form };
      return { same: false, differences, ...held };
    }
    const report = await loaded.replay(transcript, { signal });
    const differences = [...said, ...report.differences];
    const same = differences.length === 0;
    return { ...report, measurement, signedBy, statement: form, determinism, same, differences };
  } finally {
    await enclave.close();
    await folder.remove();
  }
};
