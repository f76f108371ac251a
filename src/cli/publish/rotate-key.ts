import { openRegistry } from "../../registry/open-registry.ts";
import { rotatePublisherKey } from "../../registry/publish-release.ts";
import type { CommandResult } from "../command.ts";
import { registryToken } from "../registry/registry-location.ts";
import { readPublisherKey } from "./registry-key.ts";

/** The command's whole work. Throws what `readPublisherKey` and `rotatePublisherKey` throw. */
export const rotateKey = async (options: {
  readonly registry: string;
  readonly key: string;
  readonly password: string | undefined;
  readonly newKey: string;
  readonly newPassword: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}): Promise<CommandResult> => {
  const { env, signal } = options;
  const old = await readPublisherKey(options.key, options);
  const password = options.newPassword ?? options.password;
  const next = await readPublisherKey(options.newKey, { password, env, signal });
  const { registry, origin } = await openRegistry(options.registry, {
    token: registryToken(env),
    signal,
  });
  try {
    const receipt = await rotatePublisherKey(registry, { old, next }, Date.now(), { signal });
    const known = await registry.publisherOfKey(next.record.keyid, { signal });
    const { keyid } = next.record;
    return {
      data: { publisher: known?.id ?? null, keyid, replaces: old.record.keyid, ...receipt },
      text: [
        `${keyid} signs from now on for the publisher ${known?.id ?? ""}, entry ${receipt.position} of ${origin}`,
        "Its id, by which hosts accept it, stays. The old key signs nothing more.",
      ].join("\n"),
    };
  } finally {
    await registry.close();
  }
};
