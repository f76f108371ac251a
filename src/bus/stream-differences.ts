import type { StreamConfig } from "./bus.ts";

/** Settings that differ, as text for people; null when none does. The order of subjects means nothing. */
export const streamDifferences = (asked: StreamConfig, found: StreamConfig): string | null => {
  const differences: string[] = [];
  const compare = (name: string, wanted: string | number, has: string | number): void => {
    if (wanted !== has) differences.push(`${name} is ${has}, asked for ${wanted}`);
  };
  compare("subjects", listed(asked.subjects), listed(found.subjects));
  compare("maxAgeMs", asked.maxAgeMs, found.maxAgeMs);
  compare("duplicateWindowMs", asked.duplicateWindowMs, found.duplicateWindowMs);
  return differences.length === 0 ? null : differences.join("; ");
};

const listed = (subjects: readonly string[]): string => subjects.toSorted().join(" ");
