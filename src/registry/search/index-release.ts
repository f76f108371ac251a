import type { ReleaseRecord } from "../registry.ts";
import type { IndexedRelease } from "./indexed-release.ts";

/** The named thing of each capability line of one kind: `http api.kraken.com:443/0` -> `api.kraken.com:443/0`. */
const namedBy = (lines: readonly string[], kind: string): readonly string[] =>
  lines.flatMap((line) => {
    const [first, second] = line.split(" ");
    return first === kind && second !== undefined ? [second] : [];
  });

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)].toSorted();

/** What search keeps of a release: everything that a filter asks for, from its capability lines and its statement. */
export const indexRelease = (record: ReleaseRecord): IndexedRelease => {
  const { statement, entry, deprecated, revoked } = record;
  const { capabilities } = statement;
  return {
    name: record.name,
    version: record.version,
    release: record.release,
    position: entry.position,
    recordedAt: record.recordedAt,
    publisher: record.publisher,
    publisherName: record.publisherName,
    description: statement.description,
    licence: statement.licence,
    lane: statement.lane,
    language: statement.language,
    measurement: statement.measurement,
    feeds: statement.feeds,
    capabilities: unique(capabilities.map((line) => line.split(" ", 1)[0] ?? "")),
    hosts: unique(namedBy(capabilities, "http").map((place) => place.split(":", 1)[0] ?? "")),
    // `chain ethereum:1 0x…`: people know a chain by either.
    chains: unique(namedBy(capabilities, "chain").flatMap((chain) => chain.split(":"))),
    calls: unique(namedBy(capabilities, "call")),
    state: revoked ? "revoked" : deprecated ? "deprecated" : "published",
    reason: revoked?.reason ?? deprecated?.reason ?? null,
  };
};
