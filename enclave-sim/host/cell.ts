import { randomBytes } from "node:crypto";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { fromWire, toWire } from "../../src/core/errors/wire.ts";
import type { Digest, RunId } from "../../src/core/ids.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import { type RunReceipt, runReceiptDigest } from "../../src/envelope/run-receipt.ts";
import { signObservation } from "../../src/envelope/signed-observation.ts";
import type { TriggerInput } from "../../src/sdk/abi.ts";
import type { CryptletReply, CryptletRequest } from "../capabilities/call/cryptlet-caller.ts";
import { createGuestLogger } from "../capabilities/log/guest-log.ts";
import { parseOutcome, readTrigger } from "../protocol/guest-text.ts";
import type { GuestProgram } from "../protocol/guest-messages.ts";
import { determinismOf } from "../protocol/lane.ts";
import { type Limits, WALL } from "../protocol/limits.ts";
import type { RecordedTranscript } from "../protocol/sealed-transcript.ts";
import { ABI_VERSION, type Transcript } from "../protocol/transcript.ts";
import { buildObservation, type HeldRun } from "./build-observation.ts";
import { createCallDesk } from "./call-desk.ts";
import { createCallee } from "./callee.ts";
import type { CellGuests, InGuest } from "./cell-guests.ts";
import type {
  CryptletPackage,
  EnclaveStats,
  GuestLogLine,
  LoadOptions,
  ReplayReport,
  RunReport,
  SignedObservation,
  SignRequest,
} from "./enclave.ts";
import type { BatchRequest } from "./batch-request.ts";
import { createBatchSigner } from "./create-batch-signer.ts";
import { createEndorser } from "./create-endorser.ts";
import type { CheckProposal, Endorsement, Proposal } from "./endorsement.ts";
import { findChainFault, openJournal } from "./journal.ts";
import { plainError } from "./plain-error.ts";
import { createReplayDesk } from "./replay-desk.ts";
import { snapshotBytes } from "./shared-snapshot.ts";
import { createRoundBook, type RoundEntry } from "./round-book.ts";
import { type CapabilityServices, createRunCapabilities } from "./run-capabilities.ts";
import { createRunScheduler } from "./run-scheduler.ts";
import type { Keyset } from "./sealed-keys.ts";
import { checkStanding, type StandingRounds } from "./standing-rounds.ts";
import { createTranscriptRecorder } from "./transcript-recorder.ts";

/** One loaded Cryptlet inside the enclave's thread: its guest, keys, capabilities and memory of runs. */
export interface Cell {
  run(trigger: TriggerInput, runId: RunId, signal: AbortSignal): Promise<RunReport>;
  sign(request: SignRequest): Promise<SignedObservation>;
  signBatch(request: BatchRequest): Promise<SignedObservation>;
  /** Judges another host's statement and stands by it. */
  readonly approve: CheckProposal;
  endorse(proposal: Proposal): Promise<Endorsement>;
  /** A run for another Cryptlet, which is neither held nor signed. Throws `CALL_REFUSED`, and what a run fails with. */
  answerCall(request: CryptletRequest, signal: AbortSignal): Promise<CryptletReply>;
  failedTranscript(runId: RunId): RecordedTranscript | null;
  replay(transcript: unknown, signal: AbortSignal): Promise<ReplayReport>;
  stats(): EnclaveStats["cryptlets"][number];
  close(): Promise<void>;
}

export interface CellParts {
  readonly cryptlet: CryptletPackage;
  readonly options: LoadOptions;
  readonly limits: Limits;
  readonly program: GuestProgram;
  readonly measurement: Digest;
  readonly keys: Keyset;
  /** What its capabilities work with. */
  readonly services: CapabilityServices;
  /** Where and when its runs go on. */
  readonly guests: CellGuests;
  /** What was signed before this cell was there. */
  readonly rounds: readonly RoundEntry[];
  /** What it stands by together with others. */
  readonly standing: StandingRounds;
  readonly onLog: (line: GuestLogLine) => void;
}

/** A signature under way is not cut off: its state may be applied already. */
const never = new AbortController().signal;
const encoder = new TextEncoder();
const digestOfText = (text: string): Digest => digestOf(encoder.encode(text));

const badTranscript = (reason: string) => fabricError("TRANSCRIPT_INVALID", { reason });

export const createCell = (parts: CellParts): Cell => {
  const { cryptlet, options, limits, measurement, program, guests } = parts;
  const { clock } = parts.services;
  const { manifest } = cryptlet;
  const identity = { id: manifest.id, version: manifest.version, measurement };
  const held = new Map<RunId, HeldRun>();
  const failures = new Map<RunId, RecordedTranscript>();
  const rounds = createRoundBook(parts.rounds, [...options.feeds, ...(options.batches ?? [])]);
  const recorder = createTranscriptRecorder({
    manifest,
    policy: options.transcripts,
    encryption: parts.keys.encryption,
  });
  const signing = createRunScheduler({ total: 1, width: 1, waiting: WALL.heldRuns }).open(
    manifest.id,
    { name: manifest.id, places: 1 },
  );
  const counters = { runs: 0, failures: 0 };
  let closed = false;

  const assertOpen = () => {
    if (closed) throw fabricError("CRYPTLET_CLOSED", { cryptlet: manifest.id });
  };
  const hold = (runId: RunId, run: HeldRun) => {
    const [oldest] = held.keys();
    if (held.size >= WALL.heldRuns && oldest !== undefined) held.delete(oldest);
    held.set(runId, run);
  };

  /** Remembers what is known of a run that failed, so that it can be looked into. */
  const noteFailure = async (runId: RunId, transcript: Transcript): Promise<void> => {
    const [oldest] = failures.keys();
    if (failures.size >= WALL.heldFailures && oldest !== undefined) failures.delete(oldest);
    failures.set(runId, await recorder.record(transcript));
  };

  const runOnce = async (
    asked: TriggerInput,
    runId: RunId,
    context: {
      readonly inGuest: InGuest;
      readonly signal: AbortSignal;
      readonly askedAt: number;
      /** From the first caller to this Cryptlet. */
      readonly path: readonly string[];
    },
  ): Promise<RunReport> => {
    const { inGuest, signal, askedAt, path } = context;
    const begun = clock.monotonic();
    const { trigger, text: triggerText } = readTrigger(asked);
    const seed = randomBytes(32).toString("hex");
    const journal = openJournal({ runId, cryptlet: identity, trigger, seed });
    const logger = createGuestLogger(limits.maxLogCharacters, options.secrets, (line) =>
      parts.onLog({ cryptlet: manifest.id, runId, ...line }),
    );
    const capabilities = createRunCapabilities(manifest.capabilities, parts.services, {
      logger,
      path,
      trigger,
    });
    const desk = createCallDesk({ capabilities: capabilities.table, limits, clock, journal });
    const handedIn = clock.monotonic();
    const { text, fuel, wall, guestMs } = await inGuest(
      { triggerText, seed, at: trigger.at },
      { timeoutMs: limits.timeoutMs, signal, answer: desk.answer },
    ).catch(async (error: unknown) => {
      const { code, arguments: given } = toWire(error);
      await noteFailure(runId, journal.close({ ended: { code, arguments: given } }, 0));
      throw plainError(error);
    });
    const inGuestMs = clock.monotonic() - handedIn;
    const outcome = parseOutcome(text);
    const transcript = journal.close(outcome, fuel);
    if ("error" in outcome) {
      await noteFailure(runId, transcript);
      throw plainError(fromWire(outcome.error));
    }
    const { observation } = outcome.ok;
    const receipt: RunReceipt = {
      abi: ABI_VERSION,
      measurement,
      trigger: digestOfText(triggerText),
      journalHead: transcript.head,
      calls: desk.calls,
      result: digestOfText(text),
      fuel,
      lane: manifest.lane,
      wall,
      determinism: determinismOf(manifest.lane),
      attestation: "simulated",
    };
    // What another Cryptlet asked for is its to use, not to be signed here.
    if (path.length === 1)
      hold(runId, {
        trigger,
        draft: observation,
        provenance: desk.provenance,
        transcriptDigest: transcript.head,
        stateChange: capabilities.stateChange(),
        receiptDigest: runReceiptDigest(receipt),
        finishedAt: clock.now(),
      });
    const recorded = await recorder.record(transcript);
    const ended = clock.monotonic();
    return {
      runId,
      observation,
      provenance: desk.provenance,
      transcript: recorded,
      transcriptDigest: transcript.head,
      called: capabilities.called,
      receipt,
      timings: {
        total: ended - askedAt,
        queue: begun - askedAt + inGuestMs - guestMs - desk.spentMs,
        guest: guestMs,
        capabilities: desk.spentMs,
      },
    };
  };

  const replayOnce = async (
    transcript: Transcript,
    inGuest: InGuest,
    signal: AbortSignal,
  ): Promise<ReplayReport> => {
    const { trigger, seed } = transcript;
    const comparesFuel = determinismOf(manifest.lane) === "bit-for-bit";
    const desk = createReplayDesk(transcript, { comparesFuel });
    const bounds = { timeoutMs: limits.timeoutMs, signal, answer: desk.answer };
    const run = { triggerText: readTrigger(trigger).text, seed, at: trigger.at };
    try {
      const { text, fuel } = await inGuest(run, bounds);
      return desk.compare(parseOutcome(text), fuel);
    } catch (error) {
      if (signal.aborted) throw error;
      return desk.failed(error);
    }
  };

  const applyState = async (runId: RunId): Promise<void> => {
    const run = held.get(runId);
    if (!run?.stateChange) return;
    const { from, entries } = run.stateChange;
    await parts.services.state?.apply(from, entries);
    held.set(runId, { ...run, stateChange: null });
  };
  const batchSigner = createBatchSigner({
    fabric: options.fabric,
    manifest,
    measurement,
    feeds: options.feeds,
    batches: options.batches ?? [],
    keys: parts.keys,
    rounds,
    before: parts.rounds,
    now: () => clock.now(),
  });
  const endorser = createEndorser({
    fabric: options.fabric,
    manifest,
    measurement,
    feeds: options.feeds,
    keys: parts.keys,
    standing: parts.standing,
    now: () => clock.now(),
    held: (runId) => held.get(runId),
    applyState,
  });

  /** One at a time: a state is applied before anything of the run is signed. */
  const signOnce = async (request: SignRequest): Promise<SignedObservation> => {
    assertOpen();
    const served = options.feeds.find(({ feed }) => feed === request.feed);
    if (!served) throw fabricError("FEED_NOT_SERVED", { feed: request.feed });
    const again = rounds.check(request);
    if (again) return again;
    const run = held.get(request.runId);
    if (!run) throw fabricError("RUN_UNKNOWN", { run: request.runId });
    const now = clock.now();
    const { fabric } = options;
    const facts = { fabric, manifest, measurement, served, run, request, now };
    const observation = buildObservation(facts);
    const { round, epoch } = request;
    if (served.quorum)
      checkStanding(served.feed, await parts.standing.last(served.feed), { round, epoch });
    await applyState(request.runId);
    const { ed25519, secp256k1 } = parts.keys;
    const forms = signObservation(observation, { json: [ed25519], onchain: [secp256k1] });
    const signed = { ...forms, observation };
    if (served.quorum)
      await parts.standing.enter(served.feed, { round, epoch, statement: forms.envelopeDigest });
    rounds.enter(request, signed);
    return signed;
  };
  const runInTurn = async (
    trigger: TriggerInput,
    runId: RunId,
    signal: AbortSignal,
    path: readonly string[],
  ): Promise<RunReport> => {
    assertOpen();
    counters.runs += 1;
    const askedAt = clock.monotonic();
    try {
      return await guests.turn(
        (inGuest, until) => runOnce(trigger, runId, { inGuest, signal: until, askedAt, path }),
        { signal, counts: true, depth: path.length },
      );
    } catch (error) {
      counters.failures += 1;
      throw error;
    }
  };
  const answerCall = createCallee({
    manifest,
    measurement,
    feeds: options.feeds,
    clock,
    run: (trigger, runId, signal, path) => runInTurn(trigger, runId, signal, path),
  });

  return {
    run: async (trigger, runId, signal) => {
      assertOpen();
      if (held.has(runId)) throw fabricError("RUN_ID_USED", { run: runId });
      return runInTurn(trigger, runId, signal, [manifest.id]);
    },
    sign: (request) => signing.enter(() => signOnce(request), never),
    signBatch: (request) =>
      signing.enter(async () => {
        assertOpen();
        return batchSigner(request);
      }, never),
    approve: (proposal) => signing.enter(() => endorser.approve(proposal), never),
    endorse: (proposal) => signing.enter(() => endorser.endorse(proposal), never),
    answerCall,
    failedTranscript: (runId) => failures.get(runId) ?? null,
    replay: async (input, signal) => {
      assertOpen();
      const transcript = await recorder.open(input);
      if (transcript.cryptlet.measurement !== measurement)
        throw badTranscript("it belongs to another measurement");
      const fault = findChainFault(transcript);
      if (fault) throw badTranscript(fault);
      return guests.turn((inGuest, until) => replayOnce(transcript, inGuest, until), {
        signal,
        counts: false,
        depth: 1,
      });
    },
    stats: () => ({
      id: manifest.id,
      measurement,
      ...counters,
      guestStarts: guests.starts,
      snapshotBytes: snapshotBytes(program.snapshot),
    }),
    close: async () => {
      closed = true;
      await guests.close();
      await parts.services.http?.close();
    },
  };
};
