import type { VerificationReport } from "../envelope/verification-report.ts";
import { formatTime } from "./duration.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";

const formatFact = (report: VerificationReport): string[] => {
  const { observation, envelopeDigest, mode, simulated } = report;
  if (observation === null) return [];
  const { subject, value, observedAt } = observation;
  const said =
    value.kind === "decimal"
      ? `${value.text} ${value.unit}`
      : Object.entries(value.fields)
          .map(([name, field]) => `${name}=${field.value}`)
          .join(", ");
  const platform =
    simulated === null ? ["SIMULATED OR NOT: UNKNOWN"] : simulated ? ["SIMULATED"] : [];
  const marks = [mode ?? "no source answered", ...platform];
  return [
    `${subject.feed} round ${subject.round}: ${said}, observed ${formatTime(observedAt)}  [${marks.join(", ")}]`,
    `envelope ${envelopeDigest ?? "-"}`,
    "",
  ];
};

/** The report as lines: what was said, each step, and what nobody looked at. */
export const formatReport = (report: VerificationReport, at: number, style: Style): string => {
  const marks = { ok: style.good("ok"), failed: style.bad("NO"), skipped: style.dim("--") };
  const rows = report.steps.map(({ step, status, detail, code, key }) => [
    marks[status],
    step,
    (code === undefined ? detail : `${code}: ${detail}`) + (key === undefined ? "" : `  ${key}`),
  ]);
  const skipped = report.steps.filter(({ status }) => status === "skipped").map(({ step }) => step);
  const { attestation, simulated } = report;
  const doubt =
    simulated === null && report.observation !== null
      ? [style.warn("Nothing shows what kind of enclave held the key: simulated or hardware.")]
      : [];
  const own =
    attestation === null ? [] : [`The signed receipt says of its own enclave: ${attestation}.`];
  const verdict = report.ok
    ? style.good(`Everything that was checked holds, for ${formatTime(at)}.`)
    : style.bad("Refused: do not use the value.");
  return [
    ...formatFact(report),
    formatTable([], rows),
    "",
    `Policy ${report.policy}. ${skipped.length === 0 ? "Nothing was left out." : `Not checked: ${skipped.join(", ")}.`}`,
    ...own,
    ...doubt,
    verdict,
  ].join("\n");
};
