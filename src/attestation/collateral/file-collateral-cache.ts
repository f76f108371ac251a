import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { type Clock, systemClock } from "../../core/clock.ts";
import { isFabricError } from "../../core/errors/fabric-error.ts";
import { sha256Hex } from "../../crypto/hashes.ts";
import { canonicalJson } from "../../envelope/canonical-json.ts";
import { parseStrictJson } from "../../envelope/strict-json.ts";
import { type Collateral, collateralSchema } from "./collateral.ts";
import { collateralKey } from "./collateral-key.ts";
import type { CollateralSource } from "./collateral-source.ts";

/** A cache in a folder in front of a source. */
export interface FileCollateralCacheOptions {
  readonly directory: string;
  readonly source: CollateralSource;
  /** From this age on the source is asked again, ms; what is older serves where the source does not answer. */
  readonly maxAgeMs?: number;
  /** Platforms that are remembered; the oldest are forgotten. */
  readonly limit?: number;
  readonly clock?: Clock;
}

const DAY_MS = 86_400_000;
const DEFAULT_LIMIT = 256;
const MAX_BYTES = 4_194_304;

const referenceSchema = z.strictObject({
  /** SHA-256 of the content, which is its file's name. */
  content: z.string().regex(/^[0-9a-f]{64}$/),
  /** ms since epoch. */
  fetchedAt: z.int().min(0),
});
type Reference = z.infer<typeof referenceSchema>;

const encoder = new TextEncoder();

/** Null for a file that is missing, too long or says something else: what a cache cannot read it does not have. */
const readJson = async <Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  digest?: string,
): Promise<z.output<Schema> | null> => {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch {
    return null;
  }
  try {
    if (digest !== undefined && sha256Hex(bytes) !== digest) return null;
    return schema.safeParse(parseStrictJson(bytes, { limit: MAX_BYTES, what: file })).data ?? null;
  } catch (error) {
    if (isFabricError(error)) return null;
    throw error;
  }
};

/** Whole or not at all: a new file beside it, on the disk, then its name. */
const writeAtomically = async (file: string, text: string): Promise<void> => {
  const fresh = `${file}.${randomUUID()}.tmp`;
  const handle = await open(fresh, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(fresh, file);
};

/** Names of whole files: another process may be writing one. */
const filesOf = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder)).filter((file) => file.endsWith(".json"));

/**
 * Collateral in a folder, by the digest of its content, with one reference for each platform; bounded, and written whole
 * or not at all. It is believed as little as its source: a file that was changed is not there any more, and one that was
 * changed well is the verifier's to refuse. Throws what the source throws where nothing is kept.
 * @example
 * ```ts
 * const source = createFileCollateralCache({ directory: "collateral", source: createIntelPcsCollateralSource() });
 * ```
 */
export const createFileCollateralCache = (
  options: FileCollateralCacheOptions,
): CollateralSource => {
  const { directory, source, maxAgeMs = DAY_MS, limit = DEFAULT_LIMIT } = options;
  const clock = options.clock ?? systemClock;
  const references = path.join(directory, "platforms");
  const contents = path.join(directory, "content");
  const contentFile = (content: string) => path.join(contents, `${content}.json`);

  const load = async (
    name: string,
  ): Promise<{ reference: Reference; value: Collateral } | null> => {
    const reference = await readJson(path.join(references, `${name}.json`), referenceSchema);
    if (!reference) return null;
    const value = await readJson(
      contentFile(reference.content),
      collateralSchema,
      reference.content,
    );
    return value && { reference, value };
  };

  /** Forget the oldest platforms above the limit, and content that none names any more. */
  const prune = async (): Promise<void> => {
    const kept: { readonly file: string; readonly reference: Reference | null }[] = [];
    for (const file of await filesOf(references)) {
      const reference = await readJson(path.join(references, file), referenceSchema);
      kept.push({ file, reference });
    }
    const byAge = kept.toSorted(
      (a, b) => (b.reference?.fetchedAt ?? 0) - (a.reference?.fetchedAt ?? 0),
    );
    const gone = byAge.filter(({ reference }, index) => reference === null || index >= limit);
    await Promise.all(gone.map(({ file }) => rm(path.join(references, file), { force: true })));
    const alive = new Set(
      byAge.filter((entry) => !gone.includes(entry)).map(({ reference }) => reference?.content),
    );
    for (const file of await filesOf(contents))
      if (!alive.has(path.basename(file, ".json")))
        await rm(path.join(contents, file), { force: true });
  };

  const store = async (name: string, value: Collateral): Promise<void> => {
    await Promise.all([references, contents].map((folder) => mkdir(folder, { recursive: true })));
    const text = canonicalJson(value);
    const content = sha256Hex(encoder.encode(text));
    // The content first: a reference never names what is not there.
    await writeAtomically(contentFile(content), text);
    const reference: Reference = { content, fetchedAt: clock.now() };
    await writeAtomically(path.join(references, `${name}.json`), canonicalJson(reference));
    await prune();
  };

  return {
    fetch: async (evidence, { signal }) => {
      const key = collateralKey(evidence);
      if (key === null) return source.fetch(evidence, { signal });
      const name = sha256Hex(encoder.encode(key));
      const known = await load(name);
      const age = known ? clock.now() - known.reference.fetchedAt : null;
      if (known && age !== null && age >= 0 && age < maxAgeMs) return known.value;
      try {
        const fresh = await source.fetch(evidence, { signal });
        if (fresh) await store(name, fresh);
        return fresh;
      } catch (error) {
        if (known && isFabricError(error, "COLLATERAL_UNAVAILABLE")) return known.value;
        throw error;
      }
    },
  };
};
