import path from "node:path";

import { buildPackage, type BuiltPackage } from "../../../enclave-sim/host/build-package.ts";
import type { DevEvent } from "./dev-event.ts";
import { toDevFault } from "./dev-fault.ts";
import type { DevSession } from "./dev-session.ts";
import type { DevSourcesDesk } from "./dev-sources.ts";
import { VARS_FILE } from "./dev-vars.ts";

/** Turns changes into what runs. Never throws: what cannot be built or read is told, and what ran before goes on. */
export interface Reloader {
  /** Files that changed, relative to the folder; none: start anew whatever was built. */
  reload(files: readonly string[]): Promise<void>;
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Manifest and code are all that is measured and run. */
const samePackage = (a: BuiltPackage, b: BuiltPackage | null): boolean =>
  b !== null && sameBytes(a.manifestBytes, b.manifestBytes) && sameBytes(a.bundle, b.bundle);

/** @see Reloader */
export const createReloader = (parts: {
  readonly folder: string;
  readonly session: Pick<DevSession, "replace" | "built" | "run">;
  readonly sources: Pick<DevSourcesDesk, "recording" | "refresh">;
  readonly emit: (event: DevEvent) => void;
  readonly signal: AbortSignal;
}): Reloader => {
  const { folder, session, sources, emit, signal } = parts;

  const isRecording = (file: string): boolean => {
    if (sources.recording === null) return false;
    const absolute = path.resolve(folder, file);
    return absolute === sources.recording || absolute.startsWith(`${sources.recording}${path.sep}`);
  };

  /** Whether the recording could be read. */
  const refresh = async (): Promise<boolean> => {
    try {
      await sources.refresh();
      emit({ type: "note", message: "The recording was read again." });
      return true;
    } catch (error) {
      emit({ type: "build-failed", error: toDevFault(error), running: session.built() !== null });
      return false;
    }
  };

  const build = async (seenAt: number, forced: boolean): Promise<void> => {
    let built: BuiltPackage;
    const running = session.built() !== null;
    try {
      built = await buildPackage(folder, { signal });
    } catch (error) {
      if (!signal.aborted) emit({ type: "build-failed", error: toDevFault(error), running });
      return;
    }
    const durationMs = Math.round(performance.now() - seenAt);
    if (!forced && samePackage(built, session.built())) {
      emit({ type: "unchanged", durationMs });
      return;
    }
    const { id, version } = built.manifest;
    const bytes = built.bundle.length;
    emit({ type: "built", cryptlet: id, version, bytes, durationMs });
    try {
      await session.replace(built, seenAt);
    } catch (error) {
      if (!signal.aborted)
        emit({ type: "reload-failed", error: toDevFault(error), running: false });
    }
  };

  return {
    reload: async (files) => {
      const seenAt = performance.now();
      if (files.length > 0) emit({ type: "changed", files });
      const recordings = files.filter(isRecording);
      const isRead = recordings.length > 0 && (await refresh());
      if (files.length === 0 || files.length > recordings.length)
        await build(seenAt, files.length === 0 || files.includes(VARS_FILE));
      // Not waited for: how it ends is told as of every run.
      else if (isRead) session.run(null).catch(() => {});
    },
  };
};
