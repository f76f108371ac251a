import type { RunReport } from "../../enclave-sim/host/enclave.ts";
import type { SourceEvent } from "./fabric-events.ts";

/** What each source answered: the guest's reading beside the enclave's own record of how it was reached. */
export const readSources = (report: RunReport): readonly SourceEvent[] =>
  report.observation.sources.map((source) => ({
    id: source.id,
    mode:
      report.provenance.find(
        ({ reference, id }) => reference === source.reference || id === source.id,
      )?.mode ?? null,
    value: source.extracted,
    observedAt: source.observedAt,
    outlier: source.outlier,
    error: source.error,
  }));
