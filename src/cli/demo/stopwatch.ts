/** How long each named step took. */
export interface Stopwatch {
  /** Run one step; steps of one name add up. */
  time<Value>(
    step: string,
    work: () => Promise<Value>,
  ): Promise<{ value: Value; durationMs: number }>;
  /** Step to ms, in order, with `total` since the start. */
  timings(): Record<string, number>;
}

/** Starts now. */
export const createStopwatch = (): Stopwatch => {
  const begin = performance.now();
  const steps = new Map<string, number>();
  return {
    async time(step, work) {
      const from = performance.now();
      const value = await work();
      const durationMs = Math.round(performance.now() - from);
      steps.set(step, (steps.get(step) ?? 0) + durationMs);
      return { value, durationMs };
    },
    timings: () => ({
      ...Object.fromEntries(steps),
      total: Math.round(performance.now() - begin),
    }),
  };
};
