/** The handlers of one consumer that are under way. */
export interface RunningHandlers {
  readonly size: number;
  /** Starts one; what it throws goes to `fault`, and `ended` is called after it either way. */
  start(work: () => Promise<void>): void;
  /** Resolves when those under way now have ended. */
  idle(): Promise<void>;
}

/** A fault here means that a verdict did not reach its log or server: the message comes again by itself. */
export const createRunningHandlers = (
  fault: (error: unknown) => void,
  ended: () => void = () => undefined,
): RunningHandlers => {
  const running = new Set<Promise<void>>();
  return {
    get size() {
      return running.size;
    },
    start(work) {
      const handled = (async () => {
        try {
          await work();
        } catch (error) {
          fault(error);
        }
      })();
      running.add(handled);
      void (async () => {
        await handled;
        running.delete(handled);
        ended();
      })();
    },
    idle: async () => {
      await Promise.all(running);
    },
  };
};
