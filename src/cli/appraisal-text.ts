import { TRUST_CLAIMS } from "../attestation/attestation-result.ts";
import { tierOf } from "../attestation/trust-vector.ts";
import type { AppraisalData } from "./appraise-file.ts";
import { formatTime } from "./duration.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";

const KINDS = {
  sgx: "Intel SGX enclave",
  tdx: "Intel TDX trust domain",
  nitro: "AWS Nitro enclave",
  "sev-snp": "AMD SEV-SNP guest",
} as const;

const facts = (data: AppraisalData): string[][] => {
  const { claims, tee, tcbStatus, advisories, measurement, reportData } = data;
  if (claims === null || tee === null)
    return [["evidence", "not authentic: nothing it says is shown"]];
  return [
    ["kind", KINDS[tee]],
    ["measurement", measurement ?? "-"],
    ["report data", reportData ?? "-"],
    ["signer", claims.signer ?? "none"],
    ["platform", claims.platform],
    ["TCB", tcbStatus ?? "this kind has no TCB status"],
    ["advisories", advisories.length === 0 ? "none" : advisories.join(" ")],
    ["holds", `${formatTime(claims.validFrom)} to ${formatTime(claims.validUntil)}`],
    ...(data.binds === null
      ? []
      : [
          ["binds", `${data.binds.name || data.binds.subject} for ${data.binds.purpose}`],
          ["keys", data.binds.keyids.join(" ")],
        ]),
  ];
};

const vector = ({ trustVector }: AppraisalData, style: Style): string[][] => {
  const paint = {
    affirming: style.good,
    warning: style.warn,
    contraindicated: style.bad,
    none: style.dim,
  };
  return TRUST_CLAIMS.map((claim) => {
    const value = trustVector[claim];
    const tier = tierOf(value);
    return [claim, paint[tier](tier === "none" ? "nothing said" : tier), String(value)];
  });
};

const reasons = (data: AppraisalData, style: Style): string[][] => {
  const marks = { refused: style.bad("NO"), warning: style.warn("!!"), note: style.dim("--") };
  return data.reasons.map(({ weight, code, detail }) => [
    marks[weight],
    code === null ? detail : `${code}: ${detail}`,
  ]);
};

const verdict = (data: AppraisalData, style: Style): string => {
  if (!data.ok) return style.bad("Refused: do not trust what this evidence speaks for.");
  const judged = data.policy === null ? "Genuine" : `Accepted under policy ${data.policy.id}`;
  const but = data.policy === null ? "; which code runs was not judged" : "";
  return style.good(`${judged}, as of ${formatTime(data.at)}${but}.`);
};

const SIMULATED =
  "*** SIMULATED: NO HARDWARE. Whoever runs the machine can read and change everything. ***";

/** An appraisal for people: what it is, how far it can be trusted, every reason, the verdict. */
export const formatAppraisal = (data: AppraisalData, style: Style): string =>
  [
    ...(data.simulated === true ? [style.bad(style.bold(SIMULATED)), ""] : []),
    formatTable([], facts(data)),
    "",
    // Nothing was found out about what is not authentic; eight rows of nothing would hide the reason.
    ...(data.claims === null ? [] : [formatTable([], vector(data, style)), ""]),
    ...(data.reasons.length === 0 ? [] : [formatTable([], reasons(data, style)), ""]),
    ...(data.pieces.length === 0
      ? []
      : [`One of ${data.pieces.length} pieces of evidence; --json shows all.`, ""]),
    verdict(data, style),
  ].join("\n");
