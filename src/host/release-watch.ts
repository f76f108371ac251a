import type { Clock } from "../core/clock.ts";
import type { Digest } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { ReleaseName } from "../registry/release-name.ts";
import type { ReleaseSource } from "../registry/release-source.ts";
import type { ReleaseGate } from "./release-gate.ts";

/** Looks for revocations of the releases that run here. */
export interface ReleaseWatch {
  /** A release begins to run; its gate is shut when it is revoked and the policy says so. */
  admit(name: ReleaseName, release: RunningRelease): ReleaseGate;
  /** Look now. */
  look(): Promise<void>;
  /** What `/health` tells; null on a host without releases. */
  health(): { readonly ok: boolean; readonly detail: string } | null;
  stop(): Promise<void>;
}

/** Which release it is, and whose. */
export interface RunningRelease {
  readonly release: Digest;
  readonly publisher: Digest;
}

interface Admitted {
  readonly name: ReleaseName;
  readonly release: RunningRelease;
  readonly gate: { stopped: string | null };
  /** Reasons that were told already. */
  revoked: string | null;
  deprecated: string | null;
}

const textOf = ({ name, version }: ReleaseName): string => `${name}@${version}`;

/**
 * Reads the registries' logs on, again and again. A registry that cannot be reached changes nothing; one that shows
 * another past is told as an error and not believed.
 */
export const startReleaseWatch = (parts: {
  readonly source: ReleaseSource | null;
  readonly onRevoked: "stop" | "report";
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly log: Log;
}): ReleaseWatch => {
  const { source, onRevoked, intervalMs, clock, log } = parts;
  const admitted: Admitted[] = [];
  const stopping = new AbortController();
  const { signal } = stopping;
  let distrust: string | null = null;

  const judge = (one: Admitted): void => {
    const { revoked, deprecated } = source?.standing(one.name, one.release) ?? {};
    const release = textOf(one.name);
    if (deprecated && deprecated.reason !== one.deprecated)
      log.warn("a release in use is deprecated", { release, reason: deprecated.reason });
    if (revoked && one.revoked === null)
      log.error("a release in use was revoked", {
        release,
        reason: revoked.reason,
        policy: onRevoked === "stop" ? "it signs nothing any more" : "it goes on, by policy",
      });
    one.deprecated = deprecated?.reason ?? null;
    one.revoked = revoked?.reason ?? null;
    if (onRevoked === "stop") one.gate.stopped = one.revoked;
  };

  const look = async (): Promise<void> => {
    try {
      await source?.sync({ signal });
      distrust = null;
    } catch (error) {
      if (signal.aborted) return;
      const before = distrust;
      distrust = error instanceof Error ? error.message : String(error);
      // Once for each lie: /health goes on saying it.
      if (distrust !== before) log.error("a registry is not believed", { error });
    }
    for (const one of admitted) judge(one);
  };

  const loop = async (): Promise<void> => {
    if (!source) return;
    while (!signal.aborted) {
      await clock.sleep(intervalMs, { signal }).catch(() => undefined);
      if (!signal.aborted) await look();
    }
  };
  const ended = loop();

  return {
    admit: (name, release) => {
      const gate = { stopped: null };
      const one: Admitted = { name, release, gate, revoked: null, deprecated: null };
      admitted.push(one);
      judge(one);
      return gate;
    },
    look,
    health: () => {
      if (!source) return null;
      const revoked = admitted.flatMap((one) =>
        one.revoked === null ? [] : [`${textOf(one.name)} was revoked: ${one.revoked}`],
      );
      const faults = distrust === null ? revoked : [...revoked, distrust];
      return {
        ok: faults.length === 0,
        detail: faults.length === 0 ? `${admitted.length} release(s)` : faults.join("; "),
      };
    },
    stop: async () => {
      stopping.abort();
      await ended;
      await source?.close();
    },
  };
};
