import type { Clock } from "../core/clock.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import type { Log } from "../core/log.ts";
import { createWake } from "../core/wake.ts";
import { openFolderRegistry } from "../registry/open-folder-registry.ts";
import { decodeSubmission, SUBMISSION_TYPE } from "../registry/http/submission-frames.ts";
import type { Registry, SubmissionReceipt } from "../registry/registry.ts";
import {
  createRegistryIndex,
  type SearchPage,
  type SearchRequest,
} from "../registry/search/registry-index.ts";
import { updateIndex } from "../registry/search/update-index.ts";
import type { Store } from "../store/store.ts";

type RegistrySettings = NonNullable<FabricConfig["registry"]>;

/** Media type of what `RegistryService.submit` takes. */
export const SUBMISSION_BODY = SUBMISSION_TYPE;

/** The registry that a host serves: its log, search over it, and the door for releases. */
export interface RegistryService {
  readonly origin: string;
  /** Key that its checkpoints are signed with. */
  readonly verifier: string;
  /** Whether releases are taken: the setting allows it and the key to sign is here. */
  readonly takesReleases: boolean;
  readonly settings: RegistrySettings;
  /** Everything that reads. */
  readonly log: Omit<Registry, "submit" | "close">;
  /** Throws `REGISTRY_QUERY_INVALID`, `REGISTRY_CURSOR_INVALID`. */
  search(request: SearchRequest): Promise<SearchPage>;
  /**
   * Takes a submission as it came over the line. Resolves when the entry is in the log and search knows it.
   * Throws `SUBMISSION_MALFORMED`, and what `Registry.submit` throws.
   */
  submit(body: Uint8Array, call?: { readonly signal?: AbortSignal }): Promise<SubmissionReceipt>;
}

export interface RunningRegistryService extends RegistryService {
  stop(): Promise<void>;
}

/**
 * Open the configured registry and keep the index where its log is: after each submission, and every `refreshMs` for what
 * `cryptlet publish` and `cryptlet registry sync` write into the folder. Search answers from the first moment with what
 * the index holds from before.
 * Throws `REGISTRY_UNKNOWN`, `REGISTRY_DAMAGED`.
 */
export const startRegistryService = async (
  settings: RegistrySettings,
  { store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Log },
): Promise<RunningRegistryService> => {
  const registry = await openFolderRegistry(settings.folder, {
    clock,
    rules: { popularNames: settings.protectedNames, allowedNames: settings.allowedNames },
  });
  const { origin, key: verifier } = registry.identity;
  const index = createRegistryIndex(store);
  const halt = new AbortController();
  const { signal } = halt;
  const wake = createWake(clock);
  let waiting: (() => void)[] = [];
  let failing = false;

  const turn = async (): Promise<void> => {
    const served = waiting;
    waiting = [];
    try {
      await updateIndex({ registry, verifier, index }, { signal });
      if (failing) log.info("search of the registry is up to date again");
      failing = false;
    } catch (error) {
      // Once: a folder that stays damaged would fill the log.
      if (!failing && !signal.aborted) log.error("search of the registry fell behind", { error });
      failing = true;
    }
    for (const done of served) done();
  };

  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      await turn();
      await wake.wait(settings.refreshMs, { signal }).catch(() => undefined);
    }
    for (const done of waiting) done();
  };
  const looping = loop();

  const indexed = (): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) resolve();
      else waiting.push(resolve);
      wake.notify();
    });

  return {
    origin,
    verifier,
    settings,
    takesReleases: settings.publish && registry.writable,
    log: registry,
    search: (request) => index.search(request),
    submit: async (body, call) => {
      const receipt = await registry.submit(decodeSubmission(body), call);
      await indexed();
      return receipt;
    },
    stop: async () => {
      halt.abort();
      await looping;
      await registry.close();
    },
  };
};
