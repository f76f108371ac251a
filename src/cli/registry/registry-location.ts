import type { GlobalOptions } from "../command.ts";

/** Where a registry is asked, and by which token. */
export interface RegistryLocation {
  /** Folder or URL. */
  readonly source: string;
  /** Of the registry's host. */
  readonly token: string | null;
}

/** Token of a registry's host, from CRYPTLET_REGISTRY_TOKEN alone: the token of another host's API is none of its business. */
export const registryToken = (env: Readonly<Record<string, string | undefined>>): string | null =>
  env["CRYPTLET_REGISTRY_TOKEN"] || null;

/**
 * The registry that a command asks: the flag, CRYPTLET_REGISTRY, or the host at --url. The host's own token goes to that
 * host alone; a registry elsewhere has CRYPTLET_REGISTRY_TOKEN.
 */
export const registryLocation = (
  flag: string | undefined,
  {
    global,
    env,
  }: {
    readonly global: Pick<GlobalOptions, "url" | "token">;
    readonly env: Readonly<Record<string, string | undefined>>;
  },
): RegistryLocation => {
  const source = flag ?? env["CRYPTLET_REGISTRY"];
  if (source === undefined || source === "") return { source: global.url, token: global.token };
  return { source, token: registryToken(env) };
};
