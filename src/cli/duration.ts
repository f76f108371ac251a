/** `850 ms`, `12.3 s`, `4 min`, `3 h`, `2 d`: for people, never for parsing. */
export const formatDuration = (milliseconds: number): string => {
  const absolute = Math.abs(milliseconds);
  if (absolute < 1_000) return `${Math.round(milliseconds)} ms`;
  if (absolute < 90_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  if (absolute < 5_400_000) return `${Math.round(milliseconds / 60_000)} min`;
  if (absolute < 172_800_000) return `${Math.round(milliseconds / 3_600_000)} h`;
  return `${Math.round(milliseconds / 86_400_000)} d`;
};

/** ISO 8601 in UTC, for people and for JSON. */
export const formatTime = (milliseconds: number): string => new Date(milliseconds).toISOString();
