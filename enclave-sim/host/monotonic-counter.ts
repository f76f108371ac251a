/**
 * Remembers the highest number of a name outside the reach of whoever rolls a disk back: the host keeps it in its ledger.
 * Nothing inside one machine can do that for itself.
 */
export interface MonotonicCounter {
  /** 0 where the name was never advanced. */
  read(name: string): Promise<number>;
  /** Raises the number; a lower one changes nothing. */
  advance(name: string, to: number): Promise<void>;
}

/** A counter that lasts as long as the process: for tests, and where rollback is not a concern. */
export const createMemoryCounter = (): MonotonicCounter => {
  const numbers = new Map<string, number>();
  return {
    read: async (name) => numbers.get(name) ?? 0,
    advance: async (name, to) => {
      numbers.set(name, Math.max(to, numbers.get(name) ?? 0));
    },
  };
};
