import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { openStore } from "./open-store.ts";
import type { Store } from "./store.ts";
import { moveCursor, readCursor } from "./trigger-cursors.ts";

const openHere = async (file: string, busyTimeoutMs = 50): Promise<Store> => {
  const store = await openStore({ driver: "libsql", file, busyTimeoutMs });
  onTestFinished(() => store.close());
  return store;
};

describe("openStore", () => {
  it("syncs every commit, in WAL, with foreign keys", async () => {
    const store = await openHere(path.join(temporaryFolder(), "a.db"));
    const pragma = async (name: string): Promise<unknown> =>
      Object.values((await sql`pragma ${sql.raw(name)}`.execute(store.db)).rows[0] ?? {})[0];
    expect(await pragma("journal_mode")).toBe("wal");
    expect(await pragma("synchronous")).toBe(2);
    expect(await pragma("foreign_keys")).toBe(1);
  });

  it("keeps what was written when it is opened again", async () => {
    const file = path.join(temporaryFolder(), "a.db");
    const first = await openStore({ driver: "libsql", file });
    await first.transaction((trx) => moveCursor(trx, "gold", "7", 1));
    await first.close();
    expect(await readCursor((await openHere(file)).db, "gold")).toBe("7");
  });

  it("refuses a folder that is missing", async () => {
    const file = path.join(temporaryFolder(), "missing", "a.db");
    await expect(openHere(file)).rejects.toMatchObject({ code: "STORE_UNREADABLE" });
  });

  it("refuses a file that is no database and leaves it alone", async () => {
    const file = path.join(temporaryFolder(), "a.db");
    writeFileSync(file, "a letter, not a database. ".repeat(400));
    await expect(openHere(file)).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    expect(readFileSync(file, "utf8")).toMatch(/^a letter/);
  });

  it("says that a page is damaged when it reads one", async () => {
    const file = path.join(temporaryFolder(), "a.db");
    const first = await openStore({ driver: "libsql", file });
    await first.transaction(async (trx) => {
      for (let i = 0; i < 2_000; i += 1) await moveCursor(trx, `cursor-${i}`, "x".repeat(200), i);
    });
    await first.close();
    const bytes = readFileSync(file);
    bytes.fill(0x5a, 4_096 * 4);
    writeFileSync(file, bytes);
    const read = async (): Promise<unknown> => {
      const store = await openHere(file);
      return await store.db.selectFrom("trigger_cursors").selectAll().execute();
    };
    await expect(read()).rejects.toMatchObject({ code: "STORE_CORRUPT" });
  });

  it("refuses a database of a newer version", async () => {
    const file = path.join(temporaryFolder(), "a.db");
    const first = await openStore({ driver: "libsql", file });
    await sql`insert into schema_migrations values ('9999-from-the-future', '2030-01-01')`.execute(
      first.db,
    );
    await first.close();
    await expect(openHere(file)).rejects.toMatchObject({
      code: "STORE_SCHEMA_NEWER",
      arguments: { migration: "9999-from-the-future" },
    });
  });

  it("says when another process holds the file", async () => {
    const file = path.join(temporaryFolder(), "a.db");
    const one = await openHere(file);
    const two = await openHere(file);
    await one.transaction(async (trx) => {
      await moveCursor(trx, "gold", "1", 1);
      const other = two.transaction((inner) => moveCursor(inner, "gold", "2", 2));
      await expect(other).rejects.toMatchObject({ code: "STORE_LOCKED" });
    });
    await two.transaction((trx) => moveCursor(trx, "gold", "3", 3));
    expect(await readCursor(one.db, "gold")).toBe("3");
  });

  it("undoes the transaction that fills the disk, and goes on when there is room", async () => {
    const store = await openHere(path.join(temporaryFolder(), "a.db"));
    await store.transaction((trx) => moveCursor(trx, "before", "1", 1));
    const pages = async (limit: number): Promise<void> => {
      await sql`pragma max_page_count = ${sql.lit(limit)}`.execute(store.db);
    };
    await pages(1);
    const filling = store.transaction(async (trx) => {
      await moveCursor(trx, "small", "1", 1);
      await moveCursor(trx, "big", "x".repeat(1_000_000), 1);
    });
    await expect(filling).rejects.toMatchObject({ code: "STORE_FULL" });
    await pages(100_000);
    expect(await readCursor(store.db, "small")).toBeNull();
    expect(await readCursor(store.db, "before")).toBe("1");
    await store.transaction((trx) => moveCursor(trx, "after", "2", 2));
    expect(await readCursor(store.db, "after")).toBe("2");
  });

  it("commits nothing of a work that went on after its transaction was lost", async () => {
    const store = await openHere(path.join(temporaryFolder(), "a.db"));
    await sql`pragma max_page_count = 1`.execute(store.db);
    const work = store.transaction(async (trx) => {
      await moveCursor(trx, "big", "x".repeat(1_000_000), 1).catch(() => undefined);
      await sql`pragma max_page_count = 100000`.execute(trx).catch(() => undefined);
      await moveCursor(trx, "late", "1", 1);
    });
    await expect(work).rejects.toMatchObject({ code: "STORE_IO" });
    expect(await readCursor(store.db, "late")).toBeNull();
  });

  it("answers with a code after it was closed", async () => {
    const store = await openHere(path.join(temporaryFolder(), "a.db"));
    const running = store.transaction((trx) => moveCursor(trx, "gold", "1", 1));
    await Promise.all([store.close(), store.close()]);
    await running;
    const write = store.transaction((trx) => moveCursor(trx, "gold", "2", 2));
    await expect(write).rejects.toMatchObject({ code: "STORE_CLOSED" });
    await expect(readCursor(store.db, "gold")).rejects.toMatchObject({ code: "STORE_CLOSED" });
  });
});

describe("values", () => {
  it.each([
    ["boolean", true],
    ["undefined", undefined],
    ["object", new Date(0)],
    ["number that is no safe integer", Number.NaN],
    ["number that is no safe integer", 1.5],
    ["number that is no safe integer", 2 ** 60],
    ["bigint above 2^53", 2n ** 63n],
    ["text with NUL", "a\0b"],
  ])("refuses a %s before the driver sees it", async (type, value) => {
    const store = await openHere(":memory:");
    await expect(sql`select ${value} as v`.execute(store.db)).rejects.toMatchObject({
      code: "STORE_VALUE_INVALID",
      arguments: { type },
    });
  });

  it("gives back what was stored", async () => {
    const store = await openHere(":memory:");
    const read = async (value: unknown): Promise<unknown> =>
      (await sql<{ v: unknown }>`select ${value} as v`.execute(store.db)).rows[0]?.v;
    const text = fc.string({ unit: "binary" }).filter((t) => !t.includes("\0"));
    const storable = fc.oneof(
      text,
      fc.maxSafeInteger().map((n) => n + 0),
      fc.constant(null),
      fc.uint8Array({ maxLength: 300 }),
    );
    await fc.assert(
      fc.asyncProperty(storable, async (value) => {
        expect(await read(value)).toEqual(value);
      }),
    );
  });
});
