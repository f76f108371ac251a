import type { CryptletPackage } from "../../../enclave-sim/host/enclave.ts";
import { describeCapability } from "../../registry/capability-list.ts";
import { toDisplayText } from "../../registry/display-text.ts";
import { filesOf } from "../../registry/package-statement.ts";
import type { ReleaseRecord } from "../../registry/registry.ts";
import { formatDuration, formatTime } from "../duration.ts";
import type { Style } from "../style.ts";
import { formatTable } from "../table.ts";
import type { LatestValue } from "./latest-values.ts";

type Manifest = CryptletPackage["manifest"];

/** What was proven of a release's place in the log. */
export interface ReleaseProof {
  readonly origin: string;
  readonly size: number;
  readonly position: number;
  readonly key: string;
  /** True when the caller knew the key; false when it is the registry's own word. */
  readonly given: boolean;
}

/** Everything that is known of a release. */
export interface ShownRelease {
  readonly release: ReleaseRecord;
  readonly releases: readonly ReleaseRecord[];
  readonly proof: ReleaseProof;
  readonly manifest: Manifest;
  /** Null where the host was not asked or could not be; `reason` says which. */
  readonly values: readonly LatestValue[] | null;
  readonly reason: string | null;
  readonly host: string;
}

const stateOf = ({ revoked, deprecated }: ReleaseRecord): "revoked" | "deprecated" | "published" =>
  revoked ? "revoked" : deprecated ? "deprecated" : "published";

const toolsOf = ({ statement }: ReleaseRecord): string =>
  Object.entries(statement.provenance.predicate.runDetails.builder.version)
    .map(([tool, version]) => `${tool} ${version}`)
    .join(", ");

/** The document of `--json`. */
export const describeRelease = ({ release, releases, proof, manifest, values }: ShownRelease) => {
  const { statement } = release;
  const { provenance } = statement;
  return {
    name: release.name,
    version: release.version,
    state: stateOf(release),
    deprecated: release.deprecated,
    revoked: release.revoked,
    release: release.release,
    description: statement.description,
    licence: statement.licence,
    lane: statement.lane,
    language: statement.language,
    feeds: manifest.feeds,
    limits: manifest.limits,
    capabilities: statement.capabilities.map((line) => ({
      capability: line,
      says: describeCapability(line),
    })),
    measurement: statement.measurement,
    signer: statement.signer,
    publisher: { id: release.publisher, name: release.publisherName, keyid: release.keyid },
    files: filesOf(statement).map(({ kind, file }) => ({ kind, ...file })),
    provenance,
    log: { ...proof, recordedAt: release.recordedAt },
    versions: releases.map((each) => ({
      version: each.version,
      state: stateOf(each),
      recordedAt: each.recordedAt,
      position: each.entry.position,
      release: each.release,
    })),
    values,
  };
};

const markOf = (release: ReleaseRecord, style: Style): string[] => {
  const { revoked, deprecated } = release;
  if (revoked)
    return [
      style.bad(`REVOKED ${formatTime(revoked.recordedAt)}: ${toDisplayText(revoked.reason)}`),
    ];
  if (deprecated)
    return [
      style.warn(
        `DEPRECATED ${formatTime(deprecated.recordedAt)}: ${toDisplayText(deprecated.reason)}`,
      ),
    ];
  return [];
};

const valueRow = (value: LatestValue, now: number, style: Style): string[] => {
  if (value.value === null || value.validUntil === null || value.observedAt === null)
    return [value.feed, style.bad(`does not hold: ${value.failed ?? "unknown"}`), ""];
  const age = formatDuration(Math.max(0, now - value.observedAt));
  const marks = [
    ...(value.mode === null ? [] : [value.mode]),
    ...(value.simulated === false ? [] : ["SIMULATED"]),
    ...(now > value.validUntil ? ["STALE"] : []),
  ];
  return [
    value.feed,
    style.bold(value.value),
    `round ${value.round}, ${age} old  ${marks.join(" ")}`,
  ];
};

const formatValues = (
  { values, reason, host, release }: ShownRelease,
  now: number,
  style: Style,
): string[] => {
  if (reason !== null) return ["", style.warn(`No values: ${reason}`)];
  if (values === null) return [];
  if (values.length === 0) return ["", `${host} publishes no feed of ${release.name} yet.`];
  return [
    "",
    `Latest values at ${host}, signed by a key that evidence binds to this measurement:`,
    formatTable(
      [],
      values.map((value) => ["  " + value.feed, ...valueRow(value, now, style).slice(1)]),
    ),
  ];
};

/** A release for people. `now` in ms since epoch. */
export const formatRelease = (shown: ShownRelease, now: number, style: Style): string => {
  const { release, releases, proof, manifest } = shown;
  const { statement } = release;
  const { resolvedDependencies } = statement.provenance.predicate.buildDefinition;
  const { signer } = statement;
  const facts = [
    ["release", release.release],
    ["measurement", statement.measurement],
    ["publisher", `${toDisplayText(release.publisherName)}  ${release.publisher}`],
    ...(release.keyid === release.publisher ? [] : [["signed by", release.keyid]]),
    [
      "SGX signer",
      signer ? `${signer.mrsigner}, svn ${signer.svn}` : "none: it runs in debug mode",
    ],
    ["licence", statement.licence ?? "none named"],
    ["language", `${statement.language} in lane ${statement.lane}`],
    [
      "built from",
      resolvedDependencies.length === 0
        ? style.warn("no sources named")
        : `${resolvedDependencies.length} source files by digest, ${toolsOf(release)}`,
    ],
    [
      "log",
      `entry ${proof.position} of ${proof.size} in ${proof.origin}, ${formatTime(release.recordedAt)}; proven`,
    ],
    [
      "log key",
      proof.given
        ? proof.key
        : `${proof.key}  ${style.warn("the registry's own word: compare it")}`,
    ],
  ];
  const { capabilities } = statement;
  return [
    `${style.bold(`${release.name}@${release.version}`)}  ${toDisplayText(statement.description)}`,
    ...markOf(release, style),
    "",
    formatTable([], facts),
    "",
    "It publishes:",
    ...manifest.feeds.map((feed) =>
      toDisplayText(
        `  ${feed.id}  ${feed.kind === "decimal" ? `${feed.unit}, ${feed.decimals} decimals` : "record"}; ${feed.description}`,
      ),
    ),
    "",
    capabilities.length === 0 ? "It may touch nothing." : "It may touch:",
    ...capabilities.map((line) => `  ${line}  ${style.dim(describeCapability(line))}`),
    ...formatValues(shown, now, style),
    "",
    "Versions:",
    formatTable(
      [],
      releases.toReversed().map((each) => {
        const state = stateOf(each);
        return [
          `  ${each.version}`,
          formatTime(each.recordedAt),
          state === "published" ? "" : style.warn(state),
        ];
      }),
    ),
  ].join("\n");
};
