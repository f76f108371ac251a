/** Collects what arrives; `until` resolves when there is as much as asked for. */
export interface Inbox<Item> {
  readonly items: readonly Item[];
  readonly add: (item: Item) => void;
  readonly until: (count: number) => Promise<readonly Item[]>;
}

/** A test waits for the event, never for time. */
export const createInbox = <Item>(): Inbox<Item> => {
  const items: Item[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  return {
    items,
    add: (item) => {
      items.push(item);
      for (const { count, resolve } of waiting) if (items.length >= count) resolve();
    },
    until: async (count) => {
      if (items.length < count)
        await new Promise<void>((resolve) => {
          waiting.push({ count, resolve });
        });
      return items;
    },
  };
};
