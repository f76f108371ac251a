import { determinismOf } from "../../../enclave-sim/protocol/lane.ts";
import { limitsOf } from "../../../enclave-sim/protocol/limits.ts";
import type { Transcript } from "../../../enclave-sim/protocol/transcript.ts";
import { guestStackOf, mapGuestStack } from "../../../enclave-sim/host/guest-stack.ts";
import { placeText, type SourceMapper } from "../../../enclave-sim/host/source-mapper.ts";
import { toWire } from "../../core/errors/wire.ts";
import type { DevSourcesDesk } from "../dev/dev-sources.ts";
import type { RunOptions, RunOutcome } from "./run-once.ts";

/** Most characters of a call's request that are shown. */
const MAX_SHOWN = 300;
const shown = (text: string): string =>
  text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN - 1)}…`;

/** One call through the wall, in short: of requests to sources one row each. */
const callRows = ({ seq, op, request, response }: Transcript["entries"][number]) => {
  const asked = parsedOr(request);
  const answered = parsedOr(response);
  if (op !== "http.all") return [{ seq, op, what: shown(request), came: shown(response) }];
  const requests = listOf(asked?.["requests"]);
  const answers = listOf(answered?.["ok"]);
  if (answers.length !== requests.length)
    return [{ seq, op, what: shown(request), came: shown(response) }];
  return requests.map((each, at) => {
    const { method, url, id } = each;
    const { status, error } = answers[at] ?? {};
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
    return {
      seq,
      op,
      what: shown(`${String(id)}: ${String(method)} ${String(url)}`),
      came: String(status ?? code),
    };
  });
};
type Row = Readonly<Record<string, unknown>>;
const parsedOr = (text: string): Row | null => {
  const value: unknown = JSON.parse(text);
  return typeof value === "object" && value !== null ? (value as Row) : null;
};
const listOf = (value: unknown): readonly Row[] =>
  Array.isArray(value) && value.every((each) => typeof each === "object" && each !== null)
    ? (value as readonly Row[])
    : [];

/** How much of its limits a run used; null for what is not known of a run that was ended. */
const usage = ({ found }: RunOptions, { report, transcript, log }: RunOutcome) => {
  const limits = limitsOf(found.manifest);
  const { timings } = report ?? {};
  return {
    ms: {
      used: timings ? Math.round(timings.guest + timings.capabilities) : null,
      limit: limits.timeoutMs,
    },
    hostCalls: { used: transcript?.entries.length ?? 0, limit: limits.maxHostCalls },
    fuel: { used: transcript?.fuel ?? null, limit: limits.maxFuel },
    logCharacters: {
      used: log.reduce((sum, { message }) => sum + message.length, 0),
      limit: limits.maxLogCharacters,
    },
    memoryBytes: { limit: limits.memoryBytes },
  };
};

/** Everything that `cryptlet run` found out, as `--json` gives it. */
export const createRunReport = (
  options: RunOptions,
  outcome: RunOutcome,
  parts: {
    readonly mapper: SourceMapper | null;
    readonly reason: string;
    readonly desk: DevSourcesDesk;
  },
) => {
  const { mapper, reason, desk } = parts;
  const { manifest } = options.found;
  const { report, error, transcript, signed, log, measurement, trigger } = outcome;
  const wire = error ? toWire(error) : null;
  const stack = mapGuestStack(guestStackOf(error) ?? "", mapper).map(({ position, built }) =>
    position ? placeText(position) : `bundle.js:${built.line}:${built.column}`,
  );
  const provenance = new Map((report?.provenance ?? []).map((each) => [each.reference, each]));
  return {
    cryptlet: { id: manifest.id, version: manifest.version, measurement },
    simulated: true,
    feed: trigger.feed,
    at: trigger.at,
    run: report?.runId ?? transcript?.runId ?? null,
    sources: { mode: desk.mode, recording: desk.recording, reason },
    observation: report?.observation ?? null,
    readings: (report?.observation.sources ?? []).map((reading) => {
      const from = reading.reference === null ? undefined : provenance.get(reading.reference);
      return { ...reading, mode: from?.mode ?? null, status: from?.status ?? null };
    }),
    refusal: wire && { code: wire.code, message: wire.message, hint: wire.hint, stack },
    log: log.map(({ level, message }) => ({
      level,
      message: mapper ? mapper.mapText(message) : message,
    })),
    calls: (transcript?.entries ?? []).flatMap(callRows),
    used: usage(options, outcome),
    determinism: determinismOf(manifest.lane),
    transcriptDigest: transcript?.head ?? null,
    envelopeDigest: signed?.envelopeDigest ?? null,
  };
};
export type CliRunReport = ReturnType<typeof createRunReport>;
