import type { ReplayDifference } from "../../enclave-sim/host/enclave.ts";
import type { Transcript } from "../../enclave-sim/protocol/transcript.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";

/** What `cryptlet replay` tells a person. */
export const formatReplay = (
  replayed: {
    readonly same: boolean;
    readonly run: string;
    readonly cryptlet: Transcript["cryptlet"];
    readonly calls: number;
    readonly transcriptDigest: string;
    readonly signedBy: readonly string[] | null;
    readonly differences: readonly ReplayDifference[];
  },
  style: Style,
): string => {
  const { same, run, cryptlet, calls, transcriptDigest, signedBy, differences } = replayed;
  const facts = [
    `run         ${run}`,
    `Cryptlet    ${cryptlet.id} ${cryptlet.version}`,
    `measured    ${cryptlet.measurement}`,
    `transcript  ${transcriptDigest}, ${calls} call(s)`,
    ...(signedBy === null
      ? []
      : [
          `signed by   ${signedBy.join(" ")}`,
          "            Whose keys these are was not asked: see `cryptlet envelope verify`.",
        ]),
  ];
  if (same) return [style.good("The same, bit for bit."), "", ...facts].join("\n");
  const rows = differences.map(({ where, path, recorded, replayed: now }) => [
    where,
    path === "" ? "-" : path,
    recorded ?? "(nothing)",
    now ?? "(nothing)",
  ]);
  return [
    style.bad(`Not the same: ${differences.length} difference(s).`),
    "",
    ...facts,
    "",
    formatTable(["where", "field", "recorded", "replayed"], rows),
  ].join("\n");
};
