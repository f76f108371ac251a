import { Migrator, sql, type Kysely, type Migration } from "kysely";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import type { ColumnTypes } from "./columns.ts";
import { firstRound } from "./migrations/0001-first-round.ts";
import { enclaveRecord } from "./migrations/0002-enclave-record.ts";
import { submissionJobs } from "./migrations/0003-submission-jobs.ts";
import { spending } from "./migrations/0004-spending.ts";
import { deadLetters } from "./migrations/0005-dead-letters.ts";
import { quorumStatements } from "./migrations/0006-quorum-statements.ts";
import { subscriptions } from "./migrations/0007-subscriptions.ts";
import { registry } from "./migrations/0008-registry.ts";

const MIGRATION_TABLE = "schema_migrations";

/** Every migration in order. Forward only: a released one is never changed, the next one mends it. */
export const createMigrations = (types: ColumnTypes): Readonly<Record<string, Migration>> => ({
  "0001-first-round": firstRound(types),
  "0002-enclave-record": enclaveRecord(types),
  "0003-submission-jobs": submissionJobs(types),
  "0004-spending": spending(),
  "0005-dead-letters": deadLetters(types),
  "0006-quorum-statements": quorumStatements(),
  "0007-subscriptions": subscriptions(types),
  "0008-registry": registry(),
});

/**
 * Brings the schema to the newest known migration, all or nothing.
 * Throws `STORE_SCHEMA_NEWER` for a database that knows more, and `STORE_MIGRATION_FAILED`.
 */
export const migrate = async <Schema>(
  db: Kysely<Schema>,
  migrations: Readonly<Record<string, Migration>>,
  file: string,
): Promise<void> => {
  const newer = (await appliedMigrations(db)).find((name) => !Object.hasOwn(migrations, name));
  if (newer !== undefined)
    throw fabricError("STORE_SCHEMA_NEWER", { file, migration: newer.slice(0, 100) });
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableName: MIGRATION_TABLE,
    migrationLockTableName: `${MIGRATION_TABLE}_lock`,
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (isFabricError(error) && error.kind !== "internal") throw error;
  const failed = results?.find((result) => result.status === "Error")?.migrationName ?? "unknown";
  const reason = error instanceof Error ? error.message : "unknown";
  throw fabricError("STORE_MIGRATION_FAILED", { migration: failed, reason }, { cause: error });
};

const appliedMigrations = async <Schema>(db: Kysely<Schema>): Promise<readonly string[]> => {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === MIGRATION_TABLE)) return [];
  const { rows } = await sql<{
    name: string;
  }>`select name from ${sql.table(MIGRATION_TABLE)}`.execute(db);
  return rows.map((row) => row.name);
};
