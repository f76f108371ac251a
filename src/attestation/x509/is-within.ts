/** True when a time lies in a period, both ends inside; false also for what is no time, such as NaN. */
export const isWithin = (at: number, from: number, until: number): boolean =>
  at >= from && at <= until;
