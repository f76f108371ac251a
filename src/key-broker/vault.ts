import { mkdir } from "node:fs/promises";
import path from "node:path";
import { Kysely, sql, type Transaction } from "kysely";
import type { Clock } from "../core/clock.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { createCommitQueue } from "../store/commit-queue.ts";
import { openLibsql } from "../store/libsql/libsql-connection.ts";
import { LibsqlDialect } from "../store/libsql/libsql-dialect.ts";
import { migrate } from "../store/migrate.ts";
import {
  AUDIT_START,
  type AuditEvent,
  auditEventSchema,
  eventText,
  nextHead,
} from "./audit-event.ts";
import { openSecret, sealSecret } from "./seal-secret.ts";
import { parseSecretPolicy, secretPolicyDigest, type SecretPolicy } from "./secret-policy.ts";
import { type VaultDatabase, vaultMigrations } from "./vault-schema.ts";

/** What is known of a secret beside its value. */
export interface SecretEntry {
  readonly name: string;
  readonly version: number;
  readonly policy: SecretPolicy;
  readonly putAt: number;
  /** ms since epoch; null while it can be released. */
  readonly revokedAt: number | null;
}

/** One row of the audit log. */
export interface AuditRow {
  readonly seq: number;
  readonly at: number;
  readonly event: AuditEvent;
  readonly head: string;
}

/** Secrets sealed at rest, and the log of everything that was done with them. */
export interface Vault {
  /** A new value, under a policy; the value before it is gone. */
  put(name: string, value: Uint8Array, policy: SecretPolicy): Promise<SecretEntry>;
  list(): Promise<readonly SecretEntry[]>;
  /** Destroys the value. Throws `VAULT_SECRET_UNKNOWN`. */
  revoke(name: string): Promise<SecretEntry>;
  /** Null for one that is unknown or revoked. */
  find(name: string): Promise<SecretEntry | null>;
  /**
   * Opens the values of these entries and writes the events in one transaction: nothing is handed out that is not in
   * the log. Throws `VAULT_SECRET_UNKNOWN` for one that was put anew or revoked meanwhile, `VAULT_SEAL_BROKEN`.
   */
  release(
    entries: readonly SecretEntry[],
    events: readonly AuditEvent[],
  ): Promise<readonly Uint8Array[]>;
  /** Write events that hand nothing out. */
  record(events: readonly AuditEvent[]): Promise<void>;
  /** Oldest first, after `afterSeq`; the chain of everything is checked. Throws `VAULT_CORRUPT`. */
  audit(page: { readonly afterSeq: number; readonly limit: number }): Promise<readonly AuditRow[]>;
  close(): Promise<void>;
}

/** Largest value, in bytes. */
export const MAX_SECRET_BYTES = 16_384;
const FILE = "vault.db";
const BUSY_TIMEOUT_MS = 5_000;

type Trx = Transaction<VaultDatabase>;

const entryOf = (row: {
  name: string;
  version: number;
  policy_json: string;
  put_at: number;
  revoked_at: number | null;
}): SecretEntry => ({
  name: row.name,
  version: row.version,
  policy: parseSecretPolicy(JSON.parse(row.policy_json)),
  putAt: row.put_at,
  revokedAt: row.revoked_at,
});

const changed = (action: "put" | "revoke", { name, version, policy }: SecretEntry): AuditEvent => ({
  action,
  secret: name,
  version,
  policy: secretPolicyDigest(policy),
});

/**
 * Open the vault of a broker. Several processes may: the service, and the commands that put and revoke.
 * Throws `STORE_*`, `VAULT_CORRUPT` and `VAULT_SEAL_BROKEN` when the key is not the one that it was sealed under.
 */
export const openVault = async (options: {
  readonly directory: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly clock: Clock;
}): Promise<Vault> => {
  const { directory, key, clock } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = path.join(directory, FILE);
  const connection = openLibsql(file, BUSY_TIMEOUT_MS);
  let closed = false;
  const guard = () => {
    if (closed) throw fabricError("STORE_CLOSED", {});
  };
  const db = new Kysely<VaultDatabase>({ dialect: new LibsqlDialect(connection, guard) });
  const queue = createCommitQueue(db, (sync) => connection.setSync(sync));
  const commit = <Result>(work: (trx: Trx) => Promise<Result>): Promise<Result> =>
    queue.submit(work, "now");
  const corrupt = (reason: string) => fabricError("VAULT_CORRUPT", { file, reason });

  const open = ({ name, version, policy }: SecretEntry, sealed: Uint8Array): Uint8Array =>
    openSecret(key, { name, version, policy: secretPolicyDigest(policy) }, sealed);

  const append = async (trx: Trx, events: readonly AuditEvent[]): Promise<void> => {
    const last = await trx
      .selectFrom("audit")
      .select("head")
      .orderBy("seq", "desc")
      .limit(1)
      .executeTakeFirst();
    let head: string = last?.head ?? AUDIT_START;
    for (const event of events) {
      const at = clock.now();
      const event_json = eventText(event);
      head = nextHead(head, at, event_json);
      await trx.insertInto("audit").values({ at, event_json, head }).execute();
    }
  };
  const rowOf = (trx: Trx | typeof db, name: string) =>
    trx.selectFrom("secrets").selectAll().where("name", "=", name).executeTakeFirst();

  try {
    await sql`pragma secure_delete = 1`.execute(db);
    await migrate(db, vaultMigrations, file);
    // A wrong key is told at the start and not at the first release.
    const sample = await db
      .selectFrom("secrets")
      .selectAll()
      .where("sealed", "is not", null)
      .limit(1)
      .executeTakeFirst();
    if (sample?.sealed) open(entryOf(sample), sample.sealed);
  } catch (error) {
    connection.close();
    throw error;
  }

  return {
    put: (name, value, policy) =>
      commit(async (trx) => {
        const before = await rowOf(trx, name);
        const version = (before?.version ?? 0) + 1;
        const put_at = clock.now();
        const sealed = sealSecret(
          key,
          { name, version, policy: secretPolicyDigest(policy) },
          value,
        );
        const row = {
          version,
          policy_json: JSON.stringify(policy),
          sealed,
          put_at,
          revoked_at: null,
        };
        await trx
          .insertInto("secrets")
          .values({ name, ...row })
          .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
          .execute();
        const entry: SecretEntry = { name, version, policy, putAt: put_at, revokedAt: null };
        await append(trx, [changed("put", entry)]);
        return entry;
      }),
    list: async () => {
      const rows = await db.selectFrom("secrets").selectAll().orderBy("name").execute();
      return rows.map(entryOf);
    },
    revoke: (name) =>
      commit(async (trx) => {
        const row = await rowOf(trx, name);
        if (row?.sealed == null) throw fabricError("VAULT_SECRET_UNKNOWN", { secret: name });
        const revoked_at = clock.now();
        await trx
          .updateTable("secrets")
          .set({ sealed: null, revoked_at })
          .where("name", "=", name)
          .execute();
        const entry = entryOf({ ...row, revoked_at });
        await append(trx, [changed("revoke", entry)]);
        return entry;
      }),
    find: async (name) => {
      const row = await rowOf(db, name);
      return row?.sealed == null ? null : entryOf(row);
    },
    release: (entries, events) =>
      commit(async (trx) => {
        const values: Uint8Array[] = [];
        for (const entry of entries) {
          const row = await rowOf(trx, entry.name);
          if (row?.sealed == null || row.version !== entry.version)
            throw fabricError("VAULT_SECRET_UNKNOWN", { secret: entry.name });
          values.push(open(entryOf(row), row.sealed));
        }
        await append(trx, events);
        return values;
      }),
    record: (events) => commit((trx) => append(trx, events)),
    audit: async ({ afterSeq, limit }) => {
      const rows = await db.selectFrom("audit").selectAll().orderBy("seq").execute();
      let head: string = AUDIT_START;
      let seq = 0;
      return rows
        .map((row): AuditRow => {
          head = nextHead(head, row.at, row.event_json);
          seq += 1;
          if (row.head !== head || row.seq !== seq)
            throw corrupt(`its audit log is broken at entry ${seq}`);
          const event = auditEventSchema.parse(JSON.parse(row.event_json));
          return { seq: row.seq, at: row.at, event, head: row.head };
        })
        .filter((row) => row.seq > afterSeq)
        .slice(0, limit);
    },
    close: async () => {
      if (closed) return;
      await queue.idle();
      closed = true;
      connection.close();
    },
  };
};
