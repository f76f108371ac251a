/** What must be undone at the end, newest first. */
export interface Teardown {
  /** Remember how to undo what was just done. */
  push(undo: () => Promise<void> | void): void;
  /** Undo everything once, newest first; one fault does not keep the rest from being undone. Rejects with the first fault. */
  run(): Promise<void>;
}

/**
 * @example
 * ```ts
 * const teardown = createTeardown();
 * teardown.push(() => store.close());
 * await teardown.run();
 * ```
 */
export const createTeardown = (): Teardown => {
  const undos: (() => Promise<void> | void)[] = [];
  let running: Promise<void> | null = null;
  const undoAll = async (): Promise<void> => {
    const faults: unknown[] = [];
    for (let undo = undos.pop(); undo; undo = undos.pop()) {
      try {
        await undo();
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw faults[0] as Error;
  };
  return {
    push: (undo) => void undos.push(undo),
    run: () => (running ??= undoAll()),
  };
};
