import { randomBytes } from "node:crypto";
import { buildPackage } from "../../enclave-sim/host/build-package.ts";
import { createCell, type Cell } from "../../enclave-sim/host/cell.ts";
import { createCellGuests } from "../../enclave-sim/host/cell-guests.ts";
import type {
  CryptletPackage,
  RunReport,
  SignedObservation,
} from "../../enclave-sim/host/enclave.ts";
import { measuredContents, measurePackage } from "../../enclave-sim/host/measure-package.ts";
import { createRunServices } from "../../enclave-sim/host/run-services.ts";
import type { Keyset } from "../../enclave-sim/host/sealed-keys.ts";
import { openTranscript } from "../../enclave-sim/host/seal-transcript.ts";
import { shareSnapshot } from "../../enclave-sim/host/shared-snapshot.ts";
import { limitsOf, WALL } from "../../enclave-sim/protocol/limits.ts";
import {
  isSealedTranscript,
  type RecordedTranscript,
} from "../../enclave-sim/protocol/sealed-transcript.ts";
import type { Transcript } from "../../enclave-sim/protocol/transcript.ts";
import { systemClock } from "../core/clock.ts";
import { isFabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import { createRunId, type Digest, type FeedId } from "../core/ids.ts";
import { bytesToHex } from "../crypto/bytes.ts";
import { generateX25519, x25519PublicKey } from "../crypto/hpke/hpke.ts";
import { createSigningKey } from "../crypto/key-record.ts";
import { computeFeedHash } from "../envelope/feed-hash.ts";
import type { HostCall, TriggerInput } from "../sdk/abi.ts";
import { entriesOf, isStateMock } from "./mock-state.ts";
import { pathOf } from "./path-of.ts";
import { createRecordedServices } from "./recorded-services.ts";
import { sourceAnswers } from "./source-answers.ts";
import { timeOfRun, triggerOf, type TestReport, type TestRun } from "./test-cryptlet.ts";
import { TEST_FABRIC, VALID_MS } from "./test-statement.ts";

/** What came of a test run in the enclave: as `testCryptlet`, and what only an enclave has. */
export interface EnclaveReport extends TestReport {
  readonly measurement: Digest;
  /** What `cryptlet replay` takes; null where nothing was recorded. */
  readonly transcript: Transcript | null;
  /** Receipt, timings and provenance of an accepted run. */
  readonly run: RunReport | null;
  /** Signed in both forms, SIMULATED, by keys that nobody knows. */
  readonly signed: SignedObservation | null;
}

/** A Cryptlet in an enclave of its own, whose sources are recorded. */
export interface TestEnclave {
  readonly measurement: Digest;
  run(run: TestRun, call?: { readonly signal?: AbortSignal }): Promise<EnclaveReport>;
  close(): Promise<void>;
}

const never = new AbortController().signal;
/** A test may fail as often as it likes. */
const NO_QUARANTINE = { check: () => {}, succeeded: () => {}, failed: () => {} };

const freshKeys = (): Keyset => {
  const secretKey = generateX25519();
  return {
    ed25519: createSigningKey("ed25519", randomBytes(32)),
    secp256k1: createSigningKey("secp256k1-keccak256", randomBytes(32)),
    encryption: { publicKey: bytesToHex(x25519PublicKey(secretKey)), secretKey },
  };
};

/**
 * Builds a folder, unless it is given a package, and starts the enclave's own engine, limits, journal and signer around
 * it; only the sources are recorded. Worth keeping for several runs: a start takes some 0.2 s.
 * Throws what `buildPackage` throws, `CRYPTLET_INIT_FAILED`.
 * @example
 * ```ts
 * const enclave = await openTestEnclave(".");
 * const report = await enclave.run({ recording, at: "2026-05-10T12:00:00Z" });
 * await enclave.close();
 * ```
 */
export const openTestEnclave = async (
  folder: string | URL | CryptletPackage,
): Promise<TestEnclave> => {
  const isPlace = typeof folder === "string" || folder instanceof URL;
  const cryptlet = isPlace ? await buildPackage(pathOf(folder)) : folder;
  const { manifest } = cryptlet;
  let current = 0;
  // Time-outs and queues go by the machine's time; what the Cryptlet sees and what is signed by the run's.
  const clock = { ...systemClock, now: () => current };
  const services = createRunServices("insecure-none", systemClock);
  const limits = limitsOf(manifest);
  const engineLimits = { ...limits, outcomeCharacters: WALL.outcomeCharacters };
  const quarters = await services.quarters.assign(cryptlet, {
    signer: null,
    memoryBytes: limits.memoryBytes,
  });
  const lodging = services.pool.lodge(quarters.house, quarters.build);
  const code = {
    lane: manifest.lane,
    code: cryptlet.bundle,
    cryptlet: manifest.id,
    limits: engineLimits,
  };
  const snapshot = await lodging
    .use("", (guest) => guest.build(code, { timeoutMs: WALL.initMs, signal: never }), never)
    .then(shareSnapshot, async (error: unknown) => {
      lodging.leave();
      await services.close();
      throw error;
    });
  const measurement = measurePackage(measuredContents(cryptlet, snapshot));
  const program = { id: measurement, snapshot, limits: engineLimits };
  const keys = freshKeys();

  const openCell = (run: TestRun, trigger: TriggerInput, log: TestReport["log"][number][]) => {
    const feed = trigger.feed as FeedId;
    const { parameters } = trigger;
    const named = { fabric: TEST_FABRIC, cryptlet: manifest.id, feed, parameters };
    const applied = { entries: entriesOf(run.state) };
    const { http, chains, cryptlets } = createRecordedServices({
      manifest,
      sources: () => sourceAnswers(run, timeOfRun(run)),
      secrets: () => run.secrets ?? [],
      now: () => current,
    });
    const cell = createCell({
      cryptlet,
      options: {
        fabric: TEST_FABRIC,
        secrets: {},
        sources: { mode: "live", allowPrivateAddresses: false },
        feeds: [
          {
            feed,
            cryptletFeed: trigger.feed,
            feedHash: computeFeedHash(named),
            parameters,
            validForMs: VALID_MS,
          },
        ],
        sealDirectory: "",
      },
      limits,
      program,
      measurement,
      keys,
      guests: createCellGuests({
        cryptlet: manifest.id,
        measurement,
        program,
        timeoutMs: limits.timeoutMs,
        lodging: services.pool.lodge(quarters.house, quarters.build),
        lineAt: services.openLines(manifest.id, quarters.publisher),
        services: { quarantine: NO_QUARANTINE, clock: systemClock },
      }),
      rounds: [],
      standing: { last: async () => null, enter: async () => undefined },
      services: {
        http: manifest.capabilities.http ? http : null,
        clock,
        mode: "EMULATED",
        configuration: run.configuration ?? null,
        state: manifest.capabilities.state
          ? {
              open: async () => ({ version: 0, entries: new Map(Object.entries(applied.entries)) }),
              apply: async (_from, entries) => {
                applied.entries = Object.fromEntries(entries);
              },
            }
          : null,
        chains,
        cryptlets,
      },
      onLog: ({ level, message }) => log.push({ level, message }),
    });
    return { cell, applied, feed };
  };

  const readTranscript = async (recorded: RecordedTranscript | null): Promise<Transcript | null> =>
    recorded && isSealedTranscript(recorded)
      ? openTranscript(recorded, keys.encryption.secretKey)
      : recorded;

  return {
    measurement,
    run: async (run, { signal = never } = {}) => {
      const trigger = triggerOf(manifest, run);
      current = trigger.at;
      const log: TestReport["log"][number][] = [];
      const { cell, applied, feed } = openCell(run, trigger, log);
      const runId = createRunId();
      try {
        const report = await outcomeOf(() => cell.run(trigger, runId, signal));
        const signed = report.value
          ? await outcomeOf(() => signRun(cell, runId, feed))
          : { value: null, error: null };
        const transcript = await readTranscript(
          report.value?.transcript ?? cell.failedTranscript(runId),
        );
        const calls = (transcript?.entries ?? []).flatMap(({ op, request }) =>
          op === "unknown" ? [] : [JSON.parse(request) as HostCall],
        );
        if (isStateMock(run.state) && signed.value) run.state.replace(applied.entries);
        return {
          measurement,
          observation: report.value?.observation ?? null,
          error: report.error,
          statement: signed.value?.observation ?? null,
          fault: signed.error,
          calls,
          requests: calls.flatMap((call) => (call.op === "http.all" ? call.requests : [])),
          log,
          state: applied.entries,
          transcript,
          run: report.value,
          signed: signed.value,
        };
      } finally {
        await cell.close();
      }
    },
    close: async () => {
      lodging.leave();
      await services.close();
    },
  };
};

const signRun = (cell: Cell, runId: RunReport["runId"], feed: FeedId) =>
  cell.sign({ runId, feed, round: 1, epoch: 0, previous: null });

/** A coded error as data; any other is a fault of the kit's and thrown on. */
const outcomeOf = async <Value>(work: () => Promise<Value>) => {
  try {
    return { value: await work(), error: null };
  } catch (error) {
    if (!isFabricError(error)) throw error;
    return { value: null, error: toWire(error) };
  }
};

/**
 * Builds a Cryptlet's folder and runs its bundle once in the simulator, with recorded sources: the engine, the limits
 * and the rules for what is signed are production's. Throws what `openTestEnclave` throws.
 * @example
 * ```ts
 * const report = await testInEnclave(".", { recording, at: "2026-05-10T12:00:00Z" });
 * expectObservation(report).toHaveValue("-12.50");
 * ```
 */
export const testInEnclave = async (
  folder: string | URL | CryptletPackage,
  run: TestRun,
): Promise<EnclaveReport> => {
  const enclave = await openTestEnclave(folder);
  try {
    return await enclave.run(run);
  } finally {
    await enclave.close();
  }
};
