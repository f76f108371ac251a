import type { DeadLetterAnswer } from "../client/answers.ts";
import { formatTime } from "./duration.ts";
import { formatTable } from "./table.ts";

/** A line per dead letter. */
export const formatDeadLetters = (letters: readonly DeadLetterAnswer[]): string => {
  if (letters.length === 0) return "No dead letter waits.";
  const rows = letters.map(({ id, reason, deliveries, buriedAt, replayedAt, subject }) => [
    id,
    reason,
    String(deliveries),
    formatTime(buriedAt),
    replayedAt === null ? "waits" : `put back ${formatTime(replayedAt)}`,
    subject,
  ]);
  return formatTable(["dead letter", "reason", "tries", "given up", "state", "subject"], rows);
};
