import type { Executor } from "../../store/store.ts";
import type { IndexedRelease } from "./indexed-release.ts";
import { closedName, makePackageDocument, preferredRelease } from "./package-document.ts";
import { placeOf } from "./package-place.ts";
import { splitWords } from "./split-words.ts";
import { mayBeMistyped, typoVariants } from "./typo-variants.ts";

/** Rows of one statement: SQLite takes 32,766 values. */
const ROWS = 500;

const inParts = <Row>(rows: readonly Row[]): readonly (readonly Row[])[] =>
  Array.from({ length: Math.ceil(rows.length / ROWS) }, (_, part) =>
    rows.slice(part * ROWS, (part + 1) * ROWS),
  );

/** Where search keeps a package's releases. */
export const readReleases = async (
  db: Executor,
  name: string,
): Promise<readonly IndexedRelease[]> => {
  const rows = await db
    .selectFrom("registry_releases")
    .select("document_json")
    .where("name", "=", name)
    .execute();
  // Written below and by nobody else.
  return rows.map((row) => JSON.parse(row.document_json) as IndexedRelease);
};

const writeReleases = async (db: Executor, releases: readonly IndexedRelease[]): Promise<void> => {
  const rows = releases.map((release) => ({
    name: release.name,
    version: release.version,
    position: release.position,
    state: release.state,
    reason: release.reason,
    document_json: JSON.stringify(release),
  }));
  for (const part of inParts(rows))
    await db
      .insertInto("registry_releases")
      .values([...part])
      .execute();
};

/** Names whose number of dependents may have changed: those that it called, and those that it calls. */
const writeCalls = async (db: Executor, release: IndexedRelease): Promise<readonly string[]> => {
  const before = await db
    .deleteFrom("registry_calls")
    .where("caller", "=", release.name)
    .returning("callee")
    .execute();
  const calls = release.state === "revoked" ? [] : release.calls;
  const rows = calls.map((callee) => ({
    caller: release.name,
    callee,
    publisher: release.publisher,
  }));
  for (const part of inParts(rows))
    await db
      .insertInto("registry_calls")
      .values([...part])
      .execute();
  return [...new Set([...before.map(({ callee }) => callee), ...calls])];
};

/** Other publishers whose packages call it: what many build on is what most people look for. */
const countDependents = async (db: Executor, release: IndexedRelease): Promise<number> => {
  const { total } = await db
    .selectFrom("registry_calls")
    .select((of) => of.fn.count<number>("publisher").distinct().as("total"))
    .where("callee", "=", release.name)
    .where("publisher", "<>", release.publisher)
    .executeTakeFirstOrThrow();
  return total;
};

const writeTypos = async (db: Executor, words: readonly string[]): Promise<void> => {
  const rows = words
    .filter(mayBeMistyped)
    .flatMap((word) => typoVariants(word).map((variant) => ({ variant, word })));
  for (const part of inParts(rows))
    await db
      .insertInto("registry_typos")
      .values([...part])
      .onConflict((conflict) => conflict.doNothing())
      .execute();
};

/** Puts the package's row where its releases and its dependents say. */
const placePackage = async (
  db: Executor,
  releases: readonly IndexedRelease[],
): Promise<IndexedRelease | null> => {
  const shown = preferredRelease(releases);
  const name = releases[0]?.name;
  if (name === undefined || shown === undefined) return null;
  const old = await db
    .deleteFrom("registry_packages")
    .where("name", "=", name)
    .returning("place")
    .executeTakeFirst();
  if (old) await db.deleteFrom("registry_words").where("rowid", "=", old.place).execute();
  const dependents = await countDependents(db, shown);
  const position = Math.max(...releases.map((release) => release.position));
  const place = placeOf({ dependents, position });
  await db
    .insertInto("registry_packages")
    .values({ name, place, version: shown.version, state: shown.state, position, dependents })
    .execute();
  await db
    .insertInto("registry_words")
    .values({ rowid: place, ...makePackageDocument(shown) })
    .execute();
  return shown;
};

/**
 * Write everything that search knows of one package, in the caller's transaction. `releases` are all of its releases,
 * which replace what stood there; `knownWords` are words whose typing errors are in the table already.
 */
export const writePackage = async (
  db: Executor,
  releases: readonly IndexedRelease[],
  knownWords: Set<string>,
): Promise<void> => {
  const [first] = releases;
  if (first === undefined) return;
  await db.deleteFrom("registry_releases").where("name", "=", first.name).execute();
  await writeReleases(db, releases);
  const shown = await placePackage(db, releases);
  if (shown === null) return;
  for (const callee of await writeCalls(db, shown))
    await placePackage(db, await readReleases(db, callee));
  const document = makePackageDocument(shown);
  const words = [document.name, document.offers, document.description].flatMap(splitWords);
  const fresh = [...new Set([...words, closedName(shown.name)])].filter(
    (word) => !knownWords.has(word),
  );
  await writeTypos(db, fresh);
  for (const word of fresh) knownWords.add(word);
};
