import { createVerifyingKey, type KeyRecord, type VerifyingKey } from "../crypto/key-record.ts";

/** Public keys by keyid, checked and ready. */
export interface KeyRing {
  readonly keys: readonly VerifyingKey[];
  get(keyid: string): VerifyingKey | undefined;
}

/** Prepared keys are kept because the subgroup check of a public key costs more than a verification. */
const CACHE_SIZE = 256;
const cache = new Map<string, VerifyingKey>();

const prepare = (record: KeyRecord): VerifyingKey => {
  // The whole record is the name: a record with a wrong keyid must never meet the entry of a right one.
  const name = `${record.keyid} ${record.suite} ${record.publicKey} ${record.address ?? ""}`;
  const known = cache.get(name);
  if (known) return known;
  const key = createVerifyingKey(record);
  const oldest = cache.keys().next();
  if (cache.size >= CACHE_SIZE && !oldest.done) cache.delete(oldest.value);
  cache.set(name, key);
  return key;
};

/**
 * Check every record. One key counts once, as its first record says. Throws `SUITE_UNKNOWN`, `BASE64_INVALID`, `PUBLIC_KEY_INVALID`, `KEY_RECORD_INVALID`.
 * @example
 * ```ts
 * import { createKeyRing } from "cryptlet-fabric/envelope";
 *
 * console.log(typeof createKeyRing([])); // object
 * ```
 */
export const createKeyRing = (records: readonly KeyRecord[]): KeyRing => {
  const keys = new Map<string, VerifyingKey>();
  for (const record of records) {
    const key = prepare(record);
    if (!keys.has(record.keyid)) keys.set(record.keyid, key);
  }
  return { keys: [...keys.values()], get: (keyid) => keys.get(keyid) };
};
