import type { ReplayDifference } from "../../enclave-sim/host/enclave.ts";
import type { Determinism } from "../../enclave-sim/protocol/lane.ts";
import type { Transcript } from "../../enclave-sim/protocol/transcript.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";

/** A program is not held still between two calls: of it nobody may say more. */
const SAME: Readonly<Record<Determinism, string>> = {
  "bit-for-bit": "The same, bit for bit.",
  "host-calls-only":
    "The same calls and the same outcome. What the program did in between cannot be compared.",
};

/** What `cryptlet replay` tells a person. */
export const formatReplay = (
  replayed: {
    readonly same: boolean;
    readonly determinism: Determinism;
    readonly run: string;
    readonly cryptlet: Transcript["cryptlet"];
    readonly calls: number;
    readonly transcriptDigest: string;
    readonly signedBy: readonly string[] | null;
    readonly statement: "bundle" | "envelope" | null;
    readonly packageFolder: string;
    readonly differences: readonly ReplayDifference[];
  },
  style: Style,
): string => {
  const { same, determinism, run, cryptlet, calls, transcriptDigest, signedBy, differences } =
    replayed;
  const { statement, packageFolder } = replayed;
  const facts = [
    `run         ${run}`,
    `Cryptlet    ${cryptlet.id} ${cryptlet.version}`,
    `measured    ${cryptlet.measurement}`,
    `package     ${packageFolder}`,
    `transcript  ${transcriptDigest}, ${calls} call(s)`,
    ...(statement === "envelope"
      ? ["signed by   not checked: an envelope brings no keys, a bundle does"]
      : []),
    ...(signedBy === null
      ? []
      : [
          `signed by   ${signedBy.join(" ")}`,
          "            Whose keys these are was not asked: see `cryptlet envelope verify`.",
        ]),
  ];
  if (same) return [style.good(SAME[determinism]), "", ...facts].join("\n");
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
