import { fabricError } from "../../core/errors/fabric-error.ts";
import { openRegistry } from "../../registry/open-registry.ts";
import { markRelease } from "../../registry/publish-release.ts";
import { parseReleaseName } from "../../registry/release-name.ts";
import type { CommandResult } from "../command.ts";
import type { Style } from "../style.ts";
import { registryToken } from "../registry/registry-location.ts";
import { readPublisherKey } from "./registry-key.ts";

/** The command's whole work. Throws `RELEASE_NAME_INVALID`, `RELEASE_UNKNOWN` and what `Registry.submit` throws. */
export const markOneRelease = async (
  text: string,
  options: {
    readonly registry: string;
    readonly key: string;
    readonly password: string | undefined;
    readonly reason: string;
    readonly deprecate: boolean;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly style: Style;
    readonly signal: AbortSignal;
  },
): Promise<CommandResult> => {
  const { reason, deprecate, style, signal } = options;
  const { name, version } = parseReleaseName(text);
  const key = await readPublisherKey(options.key, options);
  const { registry, origin } = await openRegistry(options.registry, {
    token: registryToken(options.env),
    signal,
  });
  try {
    const release = await registry.release(name, version, { signal });
    if (!release) throw fabricError("RELEASE_UNKNOWN", { release: text });
    const kind = deprecate ? "deprecate" : "revoke";
    const said = { kind, reason, key, at: Date.now(), signal } as const;
    const { position, checkpoint } = await markRelease(registry, release, said);
    return {
      data: { name, version, release: release.release, kind, reason, position, checkpoint },
      text: [
        `${style.bold(text)}  ${deprecate ? "deprecated" : "revoked"}, entry ${position} of ${origin}`,
        deprecate
          ? "It goes on working; search shows it last, and hosts that run it are warned."
          : "Hosts stop it when they read the log next, unless their policy is to report. This is final.",
      ].join("\n"),
    };
  } finally {
    await registry.close();
  }
};
