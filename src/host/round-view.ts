import type { SignedObservation } from "../../enclave-sim/host/enclave.ts";
import { rescale } from "../core/decimal.ts";
import { parseDecimal } from "../core/parse-decimal.ts";
import type { RoundRow } from "../store/rounds.ts";
import type { RoundView } from "./fabric.ts";

/** A round without its deliveries: what never changes once it is committed. */
export type CommittedRound = Omit<RoundView, "deliveries">;

/** Integer text in the feed's decimals; null for a record. */
const answerOf = (observation: SignedObservation["observation"]): string | null =>
  observation.value.kind === "decimal"
    ? rescale(parseDecimal(observation.value.text), observation.value.decimals).value.toString()
    : null;

/** How the sources were reached: the enclave refuses a mix, so that the first one speaks for all. */
const modeOf = (observation: SignedObservation["observation"]): "LIVE" | "EMULATED" =>
  observation.sources.find((source) => source.mode !== null)?.mode ?? "EMULATED";

/** What the API answers for a signed observation. */
export const viewObservation = (
  { observation, envelopeDigest }: Pick<SignedObservation, "observation" | "envelopeDigest">,
  simulated: boolean,
): CommittedRound => ({
  feed: observation.subject.feed,
  feedHash: observation.subject.feedHash,
  round: observation.subject.round,
  answer: answerOf(observation),
  value: observation.value,
  observedAt: observation.observedAt,
  issuedAt: observation.issuedAt,
  validUntil: observation.validUntil,
  mode: modeOf(observation),
  simulated,
  envelopeDigest,
});

/** The row that keeps it. */
export const toRoundRow = (view: CommittedRound, runId: RoundRow["runId"]): RoundRow => ({
  feed: view.feed,
  round: view.round,
  envelopeDigest: view.envelopeDigest,
  runId,
  answer: view.answer,
  valueJson: JSON.stringify(view.value),
  observedAt: view.observedAt,
  issuedAt: view.issuedAt,
  validUntil: view.validUntil,
  mode: view.mode,
  viewJson: JSON.stringify(view),
});

/** Back from the row; it was written by `toRoundRow` of this fabric. */
export const readCommittedRound = (row: RoundRow): CommittedRound =>
  JSON.parse(row.viewJson) as CommittedRound;
