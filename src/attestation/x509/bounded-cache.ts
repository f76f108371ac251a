/** Remembers the newest entries by name and forgets the oldest. */
export interface BoundedCache<Value> {
  get(name: string): Value | undefined;
  set(name: string, value: Value): void;
}

const all: Map<string, unknown>[] = [];

/** For facts that follow from bytes alone and are named by their digest; `limit` bounds its memory. */
export const createBoundedCache = <Value>(limit: number): BoundedCache<Value> => {
  const entries = new Map<string, Value>();
  all.push(entries);
  return {
    get: (name) => entries.get(name),
    set: (name, value) => {
      const oldest = entries.keys().next();
      if (entries.size >= limit && oldest.done !== true) entries.delete(oldest.value);
      entries.set(name, value);
    },
  };
};

/** Forget all of them: nothing but speed depends on it. */
export const forgetFacts = (): void => {
  for (const entries of all) entries.clear();
};
