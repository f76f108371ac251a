import { z } from "zod";

const DAY_MS = 86_400_000;
const MILLION = 1_000_000;

/**
 * When a feed runs and when a run makes a round; part of the feed's configuration. The longest silence cannot be
 * shorter than the pause between two runs.
 */
export const feedScheduleSchema = z
  .strictObject({
    /** Pause between two runs, ms: 100 to one day. */
    intervalMs: z.int().min(100).max(DAY_MS),
    /** Longest silence between two rounds, ms: up to 31 days. */
    heartbeatMs: z
      .int()
      .min(100)
      .max(31 * DAY_MS),
    /** Change that makes a round at once, parts per million of the last answer; null: the heartbeat alone does. */
    deviationPpm: z.int().min(0).max(MILLION).nullable(),
  })
  .refine((schedule) => schedule.heartbeatMs >= schedule.intervalMs, {
    path: ["heartbeatMs"],
    message: "shorter than intervalMs: a run per interval cannot keep it",
  });

/** @see feedScheduleSchema */
export type FeedSchedule = z.infer<typeof feedScheduleSchema>;
