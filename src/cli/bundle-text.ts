import { parseEvidenceDocument } from "../attestation/evidence-document.ts";
import { SIMULATED_VENDOR } from "../attestation/simulated-vendor.ts";
import { isFabricError } from "../core/errors/fabric-error.ts";
import type { Digest } from "../core/ids.ts";
import type { Bundle, Evidence } from "../envelope/bundle.ts";
import { payloadBytes } from "../envelope/dsse.ts";
import type { Observation } from "../envelope/observation.ts";
import { parseObservation } from "../envelope/observation-json.ts";
import { envelopeDigest } from "../envelope/signed-observation.ts";
import { formatTime } from "./duration.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";

/** What the JSON form says, unverified. Throws `STATEMENT_MALFORMED`. */
export const readStatement = (bundle: Bundle): { statement: Observation; digest: Digest } => ({
  statement: parseObservation(payloadBytes(bundle.envelope)),
  digest: envelopeDigest(bundle.envelope),
});

const formatValue = ({ value }: Observation): string =>
  value.kind === "decimal"
    ? `${value.text} ${value.unit}`
    : Object.entries(value.fields)
        .map(([name, { value: text }]) => `${name} = ${text}`)
        .join(", ");

/** The vendor that a quote names; what is no evidence document names none. */
const namesSimulator = (evidence: Evidence): boolean => {
  try {
    return Buffer.from(parseEvidenceDocument(evidence).quote, "base64").includes(SIMULATED_VENDOR);
  } catch (error) {
    if (isFabricError(error)) return false;
    throw error;
  }
};

/** Whether a bundle itself says that no hardware stands behind it; false is no claim of the opposite. */
export const saysSimulated = ({ run, evidence }: Bundle): boolean =>
  run?.attestation === "simulated" || evidence.some(namesSimulator);

/** A bundle's content as lines. Says that nothing of it was checked. */
export const formatBundle = (bundle: Bundle, style: Style): string => {
  const { statement, digest } = readStatement(bundle);
  const { subject, cryptlet, observedAt, issuedAt, validUntil, aggregation, sources } = statement;
  const facts = [
    ["says", style.bold(formatValue(statement))],
    [
      "feed",
      `${subject.feed} of fabric ${subject.fabric}, round ${subject.round}, epoch ${subject.epoch}`,
    ],
    ["feed hash", subject.feedHash],
    ["envelope", digest],
    ["previous", statement.previous?.envelopeDigest ?? "none: the first round"],
    ["observed", formatTime(observedAt)],
    ["issued", formatTime(issuedAt)],
    ["valid until", formatTime(validUntil)],
    ["market", statement.market.status],
    ["by", `${cryptlet.id} ${cryptlet.version}`],
    ["measured", cryptlet.measurement],
    [
      "aggregate",
      `${aggregation.method} of ${aggregation.used}, at least ${aggregation.minSources}, spread ${aggregation.spread}`,
    ],
    ["on chain", bundle.onchain === null ? "no form for contracts" : bundle.onchain.payloadType],
    ...bundle.keys.map(({ keyid, suite, address }) => ["key", `${suite} ${address ?? keyid}`]),
    ...(bundle.run === null
      ? []
      : [
          [
            "ran",
            `lane ${bundle.run.lane}, outer wall ${bundle.run.wall}, attestation ${bundle.run.attestation}`,
          ],
        ]),
    ...bundle.evidence.map(({ type }) => ["evidence", type]),
    ...bundle.receipts.map((receipt) => [
      "receipt",
      `chain ${receipt.chainId} block ${receipt.blockNumber} ${receipt.transaction}`,
    ]),
  ];
  const rows = sources.map(({ id, mode, extracted, observedAt: at, outlier, error, tls }) => [
    id,
    mode ?? "-",
    error ?? extracted ?? "-",
    at === null ? "-" : formatTime(at),
    outlier ? "outlier" : "",
    tls === null ? "" : `TLS key ${tls.spkiSha256.slice(0, 16)}…`,
  ]);
  const headings = ["source", "mode", "answer", "its own time", "", ""];
  return [
    formatTable([], facts),
    "",
    formatTable(headings, rows),
    "",
    ...(saysSimulated(bundle) ? [style.warn("SIMULATED: no hardware protects the key.")] : []),
    style.warn("Nothing here was checked: cryptlet envelope verify does that."),
  ].join("\n");
};
