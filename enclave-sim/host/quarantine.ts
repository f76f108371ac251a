import type { Clock } from "../../src/core/clock.ts";
import { fabricError, isFabricError } from "../../src/core/errors/fabric-error.ts";

/** Keeps Cryptlets that only fail away from the machine, for longer each time. */
export interface Quarantine {
  /** Throws `CRYPTLET_QUARANTINED` with when it ends. */
  check(measurement: string, cryptlet: string): void;
  /** A run failed by the guest's own fault. */
  failed(measurement: string): void;
  /** A run succeeded: everything before is forgiven. */
  succeeded(measurement: string): void;
}

export interface QuarantineBounds {
  /** Faults in a row before the first one. */
  readonly after: number;
  /** ms of the first one; each further fault doubles it. */
  readonly firstMs: number;
  readonly maxMs: number;
}

export const QUARANTINE: QuarantineBounds = { after: 5, firstMs: 30_000, maxMs: 3_600_000 };

/** What a guest alone is to blame for. */
const FAULTS: ReadonlySet<string> = new Set([
  "CRYPTLET_FAILED",
  "GUEST_ANSWER_INVALID",
  "GUEST_ANSWER_TOO_LARGE",
  "GUEST_CRASHED",
  "GUEST_NEVER_ANSWERED",
  "GUEST_THREW",
  "HOST_CALL_LIMIT",
  "RUN_FUEL",
  "RUN_MEMORY",
  "RUN_STACK",
]);

/**
 * Whether a run failed by its guest's fault. A deadline is one only when the guest computed for most of the time: a slow
 * provider is nobody's reason to stop a Cryptlet.
 */
export const isGuestFault = (
  error: unknown,
  { guestMs, timeoutMs }: { readonly guestMs: number; readonly timeoutMs: number },
): boolean => {
  if (!isFabricError(error)) return false;
  return error.code === "RUN_DEADLINE" ? guestMs > timeoutMs / 2 : FAULTS.has(error.code);
};

interface Record {
  faults: number;
  /** On the clock's monotonic line. */
  until: number;
}

export const createQuarantine = (
  clock: Clock,
  bounds: QuarantineBounds = QUARANTINE,
): Quarantine => {
  const records = new Map<string, Record>();
  return {
    check: (measurement, cryptlet) => {
      const record = records.get(measurement);
      const left = record ? record.until - clock.monotonic() : 0;
      if (record && left > 0)
        throw fabricError("CRYPTLET_QUARANTINED", {
          cryptlet,
          faults: record.faults,
          until: new Date(clock.now() + left).toISOString(),
        });
    },
    failed: (measurement) => {
      const record = records.get(measurement) ?? { faults: 0, until: 0 };
      records.set(measurement, record);
      record.faults += 1;
      if (record.faults < bounds.after) return;
      const ms = Math.min(bounds.maxMs, bounds.firstMs * 2 ** (record.faults - bounds.after));
      record.until = clock.monotonic() + ms;
    },
    succeeded: (measurement) => {
      records.delete(measurement);
    },
  };
};
