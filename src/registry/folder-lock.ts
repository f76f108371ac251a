import { setTimeout as wait } from "node:timers/promises";
import LibsqlDatabase from "libsql";
import { fabricError } from "../core/errors/fabric-error.ts";
import { fileFault } from "../core/errors/file-fault.ts";

/** Between two looks at a lock that another process holds, ms. */
const RETRY_MS = 20;
/** Longest that another writer is waited for, in looks: half a minute. */
const MAX_TRIES = 1_500;

const isBusy = (error: unknown): boolean =>
  error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");

/**
 * Run `work` while no other process and no other call writes to the folder. The lock is one of the operating system on a
 * file that SQLite holds for us, which Node has no call for: it goes when the process goes, also by kill -9, so that
 * nobody has to judge whether a lock file is stale.
 * Throws `REGISTRY_BUSY`, `REGISTRY_UNWRITABLE`, `INTERRUPTED`, and what `work` throws.
 */
export const withFolderLock = async <Answer>(
  file: string,
  work: () => Promise<Answer>,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Answer> => {
  let database: InstanceType<typeof LibsqlDatabase>;
  try {
    database = new LibsqlDatabase(file, { timeout: 0 });
  } catch (error) {
    throw fabricError("REGISTRY_UNWRITABLE", { file, reason: fileFault(error) }, { cause: error });
  }
  try {
    for (let tries = 0; ; tries++) {
      signal?.throwIfAborted();
      try {
        database.exec("BEGIN EXCLUSIVE");
        break;
      } catch (error) {
        if (!isBusy(error))
          throw fabricError(
            "REGISTRY_UNWRITABLE",
            { file, reason: fileFault(error) },
            { cause: error },
          );
        if (tries === MAX_TRIES) throw fabricError("REGISTRY_BUSY", { file }, { cause: error });
      }
      await wait(RETRY_MS, undefined, signal ? { signal } : {});
    }
    return await work();
  } finally {
    // Ends the transaction, and with it the lock.
    database.close();
  }
};
