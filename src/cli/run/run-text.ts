import {
  formatGuestStack,
  guestStackOf,
  mapGuestStack,
} from "../../../enclave-sim/host/guest-stack.ts";
import type { SourceMapper } from "../../../enclave-sim/host/source-mapper.ts";
import type { FabricError } from "../../core/errors/fabric-error.ts";
import { formatTime } from "../duration.ts";
import type { Style } from "../style.ts";
import { formatTable } from "../table.ts";
import type { CliRunReport } from "./run-report.ts";

const valueText = ({ value }: NonNullable<CliRunReport["observation"]>): string =>
  value.kind === "decimal"
    ? `${value.text} ${value.unit}`
    : Object.entries(value.fields)
        .map(([name, { value: text }]) => `${name} = ${text}`)
        .join(", ");

/** LIVE or EMULATED stands beside every value. */
const modeText = ({ sources }: CliRunReport): string => {
  const { mode, recording, reason } = sources;
  const said = { live: "LIVE", recorded: "EMULATED", emulated: "EMULATED", none: "no sources" }[
    mode
  ];
  return `${said}${recording === null ? "" : `, from ${recording}`} (${reason})`;
};

const used = (of: { readonly used: number | null; readonly limit: number }): string =>
  `${of.used ?? "?"} of ${of.limit}`;

/** What a person reads. */
export const formatRun = (
  report: CliRunReport,
  options: {
    readonly style: Style;
    readonly mapper: SourceMapper | null;
    readonly error: FabricError | null;
    readonly files: readonly string[];
  },
): string => {
  const { style, mapper, error, files } = options;
  const { cryptlet, observation, readings, refusal, log, calls } = report;
  const frames = mapGuestStack(guestStackOf(error) ?? "", mapper);
  const says = observation ? style.bold(valueText(observation)) : style.bad("no observation");
  return [
    `${says}  ${cryptlet.id} ${cryptlet.version}, feed ${report.feed}`,
    `at           ${formatTime(report.at)}`,
    `sources      ${modeText(report)}`,
    `measurement  ${cryptlet.measurement}`,
    ...(observation
      ? [`observed     ${formatTime(observation.observedAt)}, market ${observation.market.status}`]
      : []),
    ...(readings.length === 0
      ? []
      : [
          "",
          formatTable(
            ["source", "answer", "value", "note"],
            readings.map(({ id, status, extracted, outlier, error: fault }) => [
              id,
              status === null ? "-" : String(status),
              extracted ?? "-",
              fault ?? (outlier ? "outlier" : ""),
            ]),
          ),
        ]),
    ...(calls.length === 0
      ? []
      : [
          "",
          formatTable(
            ["call", "op", "asked", "came"],
            calls.map(({ seq, op, what, came }) => [String(seq), op, what, came]),
          ),
        ]),
    ...(log.length === 0
      ? []
      : ["", ...log.map(({ level, message }) => `${level.padEnd(5)} ${message}`)]),
    ...(refusal && frames.length > 0
      ? ["", `${refusal.code} was thrown`, formatGuestStack(frames, mapper)]
      : []),
    "",
    `used         ${used(report.used.ms)} ms, ${used(report.used.hostCalls)} host calls, ${used(report.used.fuel)} fuel, ${used(report.used.logCharacters)} characters of log`,
    ...(report.envelopeDigest === null ? [] : [`envelope     ${report.envelopeDigest}`]),
    ...files.map((file) => `wrote        ${file}`),
    style.warn("Run in the SIMULATED enclave of this machine; its keys are thrown away."),
  ].join("\n");
};
