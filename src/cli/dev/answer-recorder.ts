import { isSealedTranscript } from "../../../enclave-sim/protocol/sealed-transcript.ts";
import {
  openTranscript,
  parseRecordedTranscript,
} from "../../../enclave-sim/host/seal-transcript.ts";
import { systemClock } from "../../core/clock.ts";
import { isFabricError } from "../../core/errors/fabric-error.ts";
import { runIdSchema } from "../../core/ids.ts";
import type { Fabric } from "../../host/fabric.ts";
import {
  EMPTY_RECORDING,
  joinRecordings,
  writeRecording,
  type Recording,
} from "../../test-kit/recording.ts";
import { recordingOf } from "../recording-of.ts";

/** Between two looks whether a run's row is closed, ms; and how often. */
const LOOK_MS = 20;
const LOOKS = 250;

export interface Recorded {
  readonly file: string;
  readonly answers: number;
}

/** Keeps what sources answered in runs, in a file that is whole after each run. */
export interface AnswerRecorder {
  /** Takes up a run that ended. Gives the file and how many answers it holds, null when nothing new was said. */
  take(fabric: Fabric, run: string): Promise<Recorded | null>;
}

const count = ({ exchanges, chains, calls }: Recording): number =>
  exchanges.length + chains.length + calls.length;

/** All of an answer but when it was given. */
const said = (entry: { readonly receivedAt: number | null }): string =>
  JSON.stringify({ ...entry, receivedAt: null });

/** Question of an entry: what `answersAt` finds it by. */
const asked = (entry: object): string => {
  const { id, request, chain, queries, cryptlet, feed } = entry as Record<string, unknown>;
  return JSON.stringify([id, request, chain, queries, cryptlet, feed]);
};

/** The entries whose answer is another than the newest that is known to the same question. */
const news = <Entry extends { readonly receivedAt: number | null }>(
  known: readonly Entry[],
  entries: readonly Entry[],
): readonly Entry[] => {
  const newest = new Map(known.map((entry) => [asked(entry), said(entry)]));
  return entries.filter((entry) => {
    const isNew = newest.get(asked(entry)) !== said(entry);
    newest.set(asked(entry), said(entry));
    return isNew;
  });
};

/** What was recorded of a run that told its end; its row is closed with the transcript a moment later. */
const transcriptOf = async (fabric: Fabric, run: string): Promise<unknown> => {
  const id = runIdSchema.parse(run);
  for (let looks = 0; looks < LOOKS; looks += 1) {
    if ((await fabric.runs.get(id)).status !== "running") break;
    // Also while the session ends: its last run is kept like every other.
    await systemClock.sleep(LOOK_MS);
  }
  return fabric.runs.transcript(id);
};

/**
 * The answers come from the runs' transcripts, which the enclave chained by hash; sealed ones are opened as an auditor
 * would. An answer that repeats the one before it is left out: a recording tells changes.
 */
export const createAnswerRecorder = (options: {
  readonly file: string;
  /** For people, in the file. */
  readonly about: string;
  /** Values that must not stand in it. */
  readonly secrets: () => readonly string[];
  /** X25519 secret key that the host's transcripts are sealed for. */
  readonly auditorKey: Uint8Array;
}): AnswerRecorder => {
  const { file, about, secrets, auditorKey } = options;
  let recording: Recording = { ...EMPTY_RECORDING, about };
  let writing: Promise<unknown> = Promise.resolve();

  const take = async (fabric: Fabric, run: string): Promise<Recorded | null> => {
    let stored: unknown;
    try {
      stored = await transcriptOf(fabric, run);
    } catch (error) {
      // A run that ended before its guest was there left none.
      if (isFabricError(error, "TRANSCRIPT_NOT_KEPT")) return null;
      throw error;
    }
    const found = parseRecordedTranscript(stored);
    const transcript = isSealedTranscript(found) ? await openTranscript(found, auditorKey) : found;
    const hidden = secrets();
    const answers = recordingOf(transcript, { secrets: hidden });
    const fresh: Recording = {
      about: "",
      exchanges: news(recording.exchanges, answers.exchanges),
      chains: news(recording.chains, answers.chains),
      calls: news(recording.calls, answers.calls),
    };
    if (count(fresh) === 0) return null;
    const next = joinRecordings([recording, fresh]);
    await writeRecording(file, next, { secrets: hidden });
    recording = next;
    return { file, answers: count(recording) };
  };

  return {
    take: (fabric, run) => {
      const taken = writing.then(() => take(fabric, run));
      writing = taken.catch(() => {});
      return taken;
    },
  };
};
