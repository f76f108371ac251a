import { isFabricError } from "../../core/errors/fabric-error.ts";
import { openRegistry } from "../../registry/open-registry.ts";
import { syncMirror } from "../../registry/mirror/sync-mirror.ts";
import type { CommandResult, GlobalOptions } from "../command.ts";
import type { Output } from "../output.ts";
import { registryLocation } from "./registry-location.ts";

/** The command's whole work. Throws what `openRegistry` and `syncMirror` throw. */
export const syncFolder = async (options: {
  readonly from: string;
  readonly to: string;
  readonly registryKey: string | undefined;
  readonly trustFirst: boolean;
  readonly global: Pick<GlobalOptions, "url" | "token">;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: Output;
  readonly signal: AbortSignal;
}): Promise<CommandResult> => {
  const { from, to, registryKey, trustFirst, output, signal } = options;
  const { style } = output;
  const { token } = registryLocation(from, options);
  const progress = output.progress("Reading the checkpoint");
  try {
    const { registry, claimedKey } = await openRegistry(from, { token, signal });
    try {
      const run = (verifier: string | null) =>
        syncMirror({
          source: registry,
          folder: to,
          verifier,
          signal,
          onProgress: ({ size, of }) => progress.update(`${size} of ${of} entries`),
        });
      const { trusted, report } = await withKey(run, { registryKey, trustFirst, claimedKey });
      progress.stop();
      const { origin, size, files, bytes, verifier } = report;
      const news = size - report.from;
      const text = [
        news === 0
          ? `${style.bold(to)} is up to date: ${size} entries of ${origin}`
          : `${style.bold(to)} holds ${size} entries of ${origin}, ${news} of them new; ${files} files (${bytes} bytes) came with them`,
        `checkpoint key  ${verifier}`,
        ...(trusted === "first-use"
          ? [style.warn("The key is the source's own word, believed this once: compare it.")]
          : []),
      ].join("\n");
      return { data: { ...report, folder: to, source: from, trusted }, text };
    } finally {
      await registry.close();
    }
  } finally {
    progress.stop();
  }
};

/** Whose word the key is: the caller's, the copy's own, or the source's where the caller said so and there is no copy. */
const withKey = async <Report>(
  run: (verifier: string | null) => Promise<Report>,
  {
    registryKey,
    trustFirst,
    claimedKey,
  }: {
    readonly registryKey: string | undefined;
    readonly trustFirst: boolean;
    readonly claimedKey: string;
  },
): Promise<{ trusted: "given" | "copy" | "first-use"; report: Report }> => {
  if (registryKey !== undefined) return { trusted: "given", report: await run(registryKey) };
  try {
    return { trusted: "copy", report: await run(null) };
  } catch (error) {
    if (!trustFirst || !isFabricError(error, "MIRROR_KEY_NEEDED")) throw error;
    return { trusted: "first-use", report: await run(claimedKey) };
  }
};
