import { createMemoryState } from "../../../enclave-sim/capabilities/state/memory-state.ts";
import { createEnclave } from "../../../enclave-sim/host/create-enclave.ts";
import type {
  CryptletPackage,
  GuestLogLine,
  LoadedCryptlet,
  RunReport,
  SignedObservation,
} from "../../../enclave-sim/host/enclave.ts";
import { openTranscript } from "../../../enclave-sim/host/seal-transcript.ts";
import {
  isSealedTranscript,
  type RecordedTranscript,
} from "../../../enclave-sim/protocol/sealed-transcript.ts";
import type { Transcript } from "../../../enclave-sim/protocol/transcript.ts";
import { isFabricError, type FabricError } from "../../core/errors/fabric-error.ts";
import { createRunId, fabricIdSchema, feedIdSchema, type Digest } from "../../core/ids.ts";
import type { MarketClock } from "../../core/market-clock.ts";
import { bytesToHex } from "../../crypto/bytes.ts";
import { generateX25519, x25519PublicKey } from "../../crypto/hpke/hpke.ts";
import { type Bundle, buildBundle } from "../../envelope/bundle.ts";
import { computeFeedHash } from "../../envelope/feed-hash.ts";
import type { DevSourcesDesk } from "../dev/dev-sources.ts";
import { createTemporaryFolder } from "../temporary-folder.ts";

/** Fabric that a run at the command line signs for: of no host. */
const FABRIC = fabricIdSchema.parse("run");
/** What such a statement is good for, ms. */
const VALID_MS = 60_000;

type TriggerInput = Parameters<LoadedCryptlet["run"]>[0];
/** Any JSON value. */
export type RunJson = TriggerInput["parameters"];

/** How one run is made. */
export interface RunOptions {
  readonly found: CryptletPackage;
  readonly feed: string;
  readonly parameters: RunJson;
  readonly configuration: RunJson;
  /** Values by name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Time of trigger and enclave. */
  readonly clock: MarketClock;
  readonly desk: DevSourcesDesk;
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface RunOutcome {
  readonly measurement: Digest;
  readonly trigger: TriggerInput;
  readonly report: RunReport | null;
  /** Why there is no observation, or none that could be signed. */
  readonly error: FabricError | null;
  readonly signed: SignedObservation | null;
  readonly bundle: Bundle | null;
  /** Of a run that began; opened, also where it is private. */
  readonly transcript: Transcript | null;
  readonly log: readonly GuestLogLine[];
}

const sourcesOf = ({ emulator }: DevSourcesDesk) =>
  emulator
    ? ({ mode: "emulated", allowPrivateAddresses: false, ...pickEmulator(emulator) } as const)
    : ({ mode: "live", allowPrivateAddresses: false } as const);
const pickEmulator = ({ address, port, caPem }: NonNullable<DevSourcesDesk["emulator"]>) => ({
  address,
  port,
  caPem,
});

/**
 * One run in an enclave of its own, with the engine, the limits and the capabilities of every host; its observation is
 * signed, SIMULATED, by keys that are thrown away. What the Cryptlet refuses with, and what ends its run, is in the
 * outcome. Throws what loading throws: `CRYPTLET_INIT_FAILED`, `SIGSTRUCT_*`, `SECRET_*`.
 */
export const runOnce = async (options: RunOptions): Promise<RunOutcome> => {
  const { found, feed, parameters, configuration, secrets, clock, desk, signal } = options;
  const { manifest } = found;
  const folder = createTemporaryFolder("cryptlet-run-");
  const log: GuestLogLine[] = [];
  const enclave = createEnclave({
    dev: clock.moved ? { time: clock.shared } : true,
    state: createMemoryState(),
    onLog: (line) => log.push(line),
  });
  const auditor = generateX25519();
  const feedId = feedIdSchema.parse(feed);
  const named = { fabric: FABRIC, cryptlet: manifest.id, feed: feedId, parameters };
  const trigger: TriggerInput = {
    id: `run/${feed}`,
    kind: "manual",
    feed,
    parameters,
    at: clock.now(),
  };
  try {
    const loaded = await enclave.load(
      found,
      {
        fabric: FABRIC,
        secrets,
        sources: sourcesOf(desk),
        configuration,
        chains: manifest.capabilities.chains.flatMap(({ chain, chainId }) => {
          const endpoint = desk.chainEndpoint(chain);
          const mode = desk.emulator ? "EMULATED" : "LIVE";
          return endpoint === null
            ? []
            : [{ chain, chainId, endpoints: [endpoint], mode } as const];
        }),
        feeds: [
          {
            feed: feedId,
            cryptletFeed: feed,
            feedHash: computeFeedHash(named),
            parameters,
            validForMs: VALID_MS,
          },
        ],
        sealDirectory: folder.path,
        transcripts: { seal: "private", auditors: [bytesToHex(x25519PublicKey(auditor))] },
      },
      { signal },
    );
    const outcome = await runLoaded(loaded, { trigger, signal });
    const recorded = outcome.recorded;
    const transcript =
      recorded && isSealedTranscript(recorded) ? await openTranscript(recorded, auditor) : recorded;
    return { measurement: loaded.measurement, trigger, ...outcome, transcript, log };
  } finally {
    await enclave.close();
    await folder.remove();
  }
};

/** Runs and signs; a coded error of either is part of what came of it. */
const runLoaded = async (
  loaded: LoadedCryptlet,
  { trigger, signal }: { readonly trigger: TriggerInput; readonly signal: AbortSignal },
): Promise<
  Pick<RunOutcome, "report" | "error" | "signed" | "bundle"> & {
    readonly recorded: RecordedTranscript | null;
  }
> => {
  const runId = createRunId();
  let report: RunReport | null = null;
  try {
    report = await loaded.run(trigger, { runId, signal });
    const request = {
      runId,
      feed: feedIdSchema.parse(trigger.feed),
      round: 1,
      epoch: 0,
      previous: null,
    };
    const signed = await loaded.sign(request, { signal });
    const bundle = buildBundle({
      envelope: signed.envelope,
      onchain: signed.onchain,
      keys: [...loaded.keys],
      evidence: [loaded.evidence],
      run: report.receipt,
    });
    return { report, error: null, signed, bundle, recorded: report.transcript };
  } catch (error) {
    if (signal.aborted || !isFabricError(error)) throw error;
    const recorded = report?.transcript ?? (await loaded.failedTranscript(runId));
    return { report, error, signed: null, bundle: null, recorded };
  }
};
