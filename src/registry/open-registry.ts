import type { AdmissionRules } from "./admit-entry.ts";
import { createHttpRegistry } from "./http/http-registry.ts";
import { openFolderRegistry } from "./open-folder-registry.ts";
import type { Registry } from "./registry.ts";

/** A registry with the checkpoint key that it says is its own. */
export interface OpenedRegistry {
  readonly registry: Registry;
  /** What the source itself names as its key. Whoever relies on it compares with what he knows from elsewhere. */
  readonly claimedKey: string;
  readonly origin: string;
}

/** Whether a source is an address and no folder. */
export const isRegistryUrl = (source: string): boolean => /^https?:\/\//i.test(source);

/**
 * A registry by folder or URL. Throws `REGISTRY_UNKNOWN`, `REGISTRY_DAMAGED`, `REGISTRY_ADDRESS_INVALID`,
 * `REGISTRY_UNAVAILABLE`.
 */
export const openRegistry = async (
  source: string,
  options: {
    readonly rules?: Partial<AdmissionRules>;
    /** Bearer token of a host that asks for one. */
    readonly token?: string | null;
    readonly signal?: AbortSignal;
  } = {},
): Promise<OpenedRegistry> => {
  if (isRegistryUrl(source)) {
    const registry = createHttpRegistry({ url: source, token: options.token ?? null });
    const { origin, verifier } = await registry.identity({ signal: options.signal });
    return { registry, claimedKey: verifier, origin };
  }
  const registry = await openFolderRegistry(source, options.rules ? { rules: options.rules } : {});
  return { registry, claimedKey: registry.identity.key, origin: registry.identity.origin };
};
