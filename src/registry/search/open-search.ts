import { accessSync, constants, existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { isFabricError } from "../../core/errors/fabric-error.ts";
import { openStore } from "../../store/open-store.ts";
import type { Store } from "../../store/store.ts";
import { createHttpRegistry } from "../http/http-registry.ts";
import type { SearchAnswer } from "../http/registry-answers.ts";
import { openFolderRegistry } from "../open-folder-registry.ts";
import { isRegistryUrl } from "../open-registry.ts";
import { registryFolder } from "../registry-folder.ts";
import { createRegistryIndex, type SearchRequest } from "./registry-index.ts";
import { updateIndex } from "./update-index.ts";

/** Search over one registry, wherever it is. */
export interface RegistrySearch {
  /** Throws `REGISTRY_QUERY_INVALID`, `REGISTRY_CURSOR_INVALID`. */
  search(request: SearchRequest): Promise<SearchAnswer>;
  close(): Promise<void>;
}

/** Beside what only the owner uses: it can be made again, and nobody serves or copies it. */
const indexFile = (directory: string): string => {
  const file = path.join(path.dirname(registryFolder(directory).lock), "search.db");
  try {
    accessSync(path.dirname(file), constants.W_OK | constants.X_OK);
    if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK);
    return file;
  } catch {
    // Somebody else's folder: it is read once for this question.
    return ":memory:";
  }
};

/** Opens the index; one that is broken or of a later version is made again. */
const openIndexStore = async (file: string): Promise<Store> => {
  try {
    return await openStore({ driver: "libsql", file });
  } catch (error) {
    if (!isFabricError(error) || file === ":memory:" || error.code === "STORE_LOCKED") throw error;
    for (const end of ["", "-wal", "-shm"]) await rm(`${file}${end}`, { force: true });
    return await openStore({ driver: "libsql", file });
  }
};

/**
 * Search a registry by its folder or URL. A folder has its index in `private/search.db`, which is brought to where the log
 * is before the first answer; a host keeps its own.
 * Throws `REGISTRY_UNKNOWN`, `REGISTRY_DAMAGED`, `REGISTRY_ADDRESS_INVALID`, `STORE_…`.
 * @example
 * ```ts
 * const search = await openSearch("registry");
 * const { packages } = await search.search({ query: "gold" });
 * ```
 */
export const openSearch = async (
  source: string,
  { token = null, signal }: { readonly token?: string | null; readonly signal?: AbortSignal } = {},
): Promise<RegistrySearch> => {
  if (isRegistryUrl(source)) {
    const registry = createHttpRegistry({ url: source, token });
    return { search: (request) => registry.search(request, { signal }), close: registry.close };
  }
  const registry = await openFolderRegistry(source);
  const store = await openIndexStore(indexFile(path.resolve(source)));
  const close = async (): Promise<void> => {
    await store.close();
    await registry.close();
  };
  try {
    const index = createRegistryIndex(store);
    const verifier = registry.identity.key;
    await updateIndex({ registry, verifier, index }, signal ? { signal } : {});
    return {
      close,
      search: async (request) => {
        const page = await index.search(request);
        // The same objects under the branded names of the answer.
        return structuredClone(page) as unknown as SearchAnswer;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
};
