/** An element that is there. */
export const at = <Each>(list: readonly Each[], index: number): Each => {
  const found = list[index];
  if (found === undefined) throw new Error(`nothing at ${index}`);
  return found;
};

/** The same list with another element in one place. */
export const replaced = <Each>(
  list: readonly Each[],
  index: number,
  other: Each,
): readonly Each[] => list.map((each, place) => (place === index ? other : each));
