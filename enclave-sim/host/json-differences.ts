import type { ReplayDifference } from "./enclave.ts";

/** Most differences that are listed of one comparison, and characters of a value that are shown. */
const MAX_LISTED = 50;
const MAX_SHOWN = 200;

const shown = (value: unknown): string | null => {
  if (value === undefined) return null;
  const text = JSON.stringify(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN - 1)}…`;
};

const isTree = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** Fields in which two JSON values differ, depth first; `where` names what is compared. At most 50 are listed. */
export const jsonDifferences = (
  where: string,
  recorded: unknown,
  replayed: unknown,
): readonly ReplayDifference[] => {
  const found: ReplayDifference[] = [];
  const compare = (path: string, one: unknown, other: unknown): void => {
    if (found.length >= MAX_LISTED) return;
    if (isTree(one) && isTree(other) && Array.isArray(one) === Array.isArray(other)) {
      const names = new Set([...Object.keys(one), ...Object.keys(other)]);
      for (const name of names)
        compare(
          path === "" ? name : `${path}.${name}`,
          Object.hasOwn(one, name) ? one[name] : undefined,
          Object.hasOwn(other, name) ? other[name] : undefined,
        );
    } else if (!Object.is(one, other) && JSON.stringify(one) !== JSON.stringify(other))
      found.push({ where, path, recorded: shown(one), replayed: shown(other) });
  };
  compare("", recorded, replayed);
  return found;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

/** The same for two JSON texts; texts that are equal as JSON and differ as text are one difference. */
export const textDifferences = (
  where: string,
  recorded: string,
  replayed: string,
): readonly ReplayDifference[] => {
  if (recorded === replayed) return [];
  const found = jsonDifferences(where, parsed(recorded), parsed(replayed));
  if (found.length > 0) return found;
  return [{ where, path: "(text)", recorded: shown(recorded), replayed: shown(replayed) }];
};
