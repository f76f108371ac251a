import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { createCommitQueue, type Sync } from "./commit-queue.ts";
import { moveCursor, readCursor } from "./trigger-cursors.ts";
import { openStore } from "./open-store.ts";
import { Kysely } from "kysely";
import type { Database } from "./database.ts";
import { openLibsql } from "./libsql/libsql-connection.ts";
import { LibsqlDialect } from "./libsql/libsql-dialect.ts";
import { createMigrations, migrate } from "./migrate.ts";
import { sqliteColumns } from "./columns.ts";

/** A queue on a real file that remembers how each batch was synced. */
const openQueue = async () => {
  const file = path.join(temporaryFolder(), "fabric.db");
  const connection = openLibsql(file, 1_000);
  const db = new Kysely<Database>({ dialect: new LibsqlDialect(connection, () => undefined) });
  await migrate(db, createMigrations(sqliteColumns), file);
  onTestFinished(() => {
    connection.close();
  });
  const changes: Sync[] = [];
  const queue = createCommitQueue(db, (sync) => {
    changes.push(sync);
    connection.setSync(sync);
  });
  const level = () =>
    (connection.prepare("pragma synchronous").all([])[0] as { synchronous: number }).synchronous;
  const move = (id: string, sync: Sync) => queue.submit((trx) => moveCursor(trx, id, "1", 1), sync);
  return { queue, changes, level, move, db };
};

/** `pragma synchronous`: 1 normal, 2 full. */
const NORMAL = 1;
const FULL = 2;

test("a commit that may wait is not synced, one that may not is, and the level follows each batch", async () => {
  const { changes, level, move } = await openQueue();
  expect(level()).toBe(FULL);
  await move("a", "later");
  expect(level()).toBe(NORMAL);
  await move("b", "later");
  await move("c", "now");
  expect(level()).toBe(FULL);
  expect(changes).toEqual(["later", "now"]);
});

test("one work of a batch that must be on disk syncs the whole batch", async () => {
  const { changes, level, move, db } = await openQueue();
  await move("a", "later");
  await Promise.all([move("b", "later"), move("c", "now"), move("d", "later")]);
  expect(level()).toBe(FULL);
  expect(changes).toEqual(["later", "now"]);
  for (const id of ["a", "b", "c", "d"]) expect(await readCursor(db, id)).toBe("1");
});

test("a store syncs unless it is told otherwise, and keeps both kinds over a reopening", async () => {
  const file = path.join(temporaryFolder(), "fabric.db");
  const first = await openStore({ driver: "libsql", file });
  await first.transaction((trx) => moveCursor(trx, "later", "1", 1), { sync: "later" });
  await first.transaction((trx) => moveCursor(trx, "now", "2", 1));
  await first.close();
  const second = await openStore({ driver: "libsql", file });
  onTestFinished(() => second.close());
  expect(await readCursor(second.db, "later")).toBe("1");
  expect(await readCursor(second.db, "now")).toBe("2");
});
