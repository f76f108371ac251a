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
  const marks = [mode ?? "no source answered", ...(simulated === true ? ["SIMULATED"] : [])];
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
  const verdict = report.ok
    ? style.good(`Everything that was checked holds, for ${formatTime(at)}.`)
    : style.bad("Refused: do not use the value.");
  return [
    ...formatFact(report),
    formatTable([], rows),
    "",
    `Policy ${report.policy}. ${skipped.length === 0 ? "Nothing was left out." : `Not checked: ${skipped.join(", ")}.`}`,
    verdict,
  ].join("\n");
};
