import type { Enclave } from "../../enclave-sim/host/enclave.ts";
import type { ChainAdapter } from "../adapters/contract/chain-adapter.ts";
import type { Bus } from "../bus/bus.ts";
import { toWire } from "../core/errors/wire.ts";
import { outboxBacklog } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import type { Health, QuorumDirectory } from "./fabric.ts";
import type { ReleaseWatch } from "./release-watch.ts";

/** Longest wait for one part's answer, in ms. */
const PROBE_MS = 3_000;

interface PartHealth {
  readonly ok: boolean;
  readonly detail: string;
}

const ask = async (probe: () => Promise<PartHealth>): Promise<PartHealth> => {
  try {
    return await probe();
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError")
      return { ok: false, detail: `no answer within ${PROBE_MS / 1_000} s` };
    const { code, message } = toWire(error);
    return { ok: false, detail: `${code}: ${message}` };
  }
};

/** A part for all of them; none on a host that signs alone. */
const quorumProbes = (quorum: QuorumDirectory) =>
  quorum.list().length === 0
    ? []
    : [
        [
          "quorum",
          async () => {
            const feeds = quorum.list();
            const said = feeds.map(
              ({ feed, threshold, members, leader, epoch }) =>
                `${feed}: ${threshold} of ${members.join(" ")}, ${leader === null ? "nobody leads" : `${leader} leads, epoch ${epoch}`}`,
            );
            return { ok: feeds.every(({ leader }) => leader !== null), detail: said.join("; ") };
          },
        ] as const,
      ];

/** A part for what runs from registries; none where everything comes from folders. */
const releaseProbes = (releases: Pick<ReleaseWatch, "health"> | undefined) =>
  !releases || releases.health() === null
    ? []
    : [["releases", async () => releases.health() ?? { ok: true, detail: "none" }] as const];

/** Asks every part of a fabric how it is. A part that does not answer in time is down. */
export const createHealth = (parts: {
  readonly store: Store;
  readonly bus: Bus;
  readonly enclave: Enclave;
  readonly adapters: readonly ChainAdapter[];
  /** Feeds that several hosts sign. */
  readonly quorum: QuorumDirectory;
  /** Releases that run here; nothing on a host without them. */
  readonly releases?: Pick<ReleaseWatch, "health">;
}): (() => Promise<Health>) => {
  const probes: readonly (readonly [string, () => Promise<PartHealth>])[] = [
    [
      "database",
      async () => {
        const { waiting } = await outboxBacklog(parts.store.db);
        return { ok: true, detail: `${waiting} envelope(s) wait for the bus` };
      },
    ],
    [
      "bus",
      async () => {
        const { state, detail } = parts.bus.status();
        return { ok: state === "connected", detail };
      },
    ],
    [
      "enclave",
      async () => {
        const { cryptlets } = await parts.enclave.stats();
        return { ok: true, detail: `SIMULATED, ${cryptlets.length} Cryptlet(s)` };
      },
    ],
    ...quorumProbes(parts.quorum),
    ...releaseProbes(parts.releases),
    ...parts.adapters.map(
      (adapter) =>
        [
          `chain-${adapter.name}`,
          async () => {
            const { chainId, height, engine, remarks } = await adapter.probe({
              signal: AbortSignal.timeout(PROBE_MS),
            });
            const said = [`chain ${chainId} at height ${height}, ${engine}`, ...(remarks ?? [])];
            return { ok: true, detail: said.join("; ") };
          },
        ] as const,
    ),
  ];
  return async () => {
    const entries = await Promise.all(
      probes.map(async ([name, probe]) => [name, await ask(probe)] as const),
    );
    return { ok: entries.every(([, { ok }]) => ok), parts: Object.fromEntries(entries) };
  };
};
