import type { Enclave } from "../../enclave-sim/host/enclave.ts";
import type { ChainAdapter } from "../adapters/contract/chain-adapter.ts";
import type { Bus } from "../bus/bus.ts";
import { toWire } from "../core/errors/wire.ts";
import { outboxBacklog } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import type { Health } from "./fabric.ts";

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
    const { code, message } = toWire(error);
    return { ok: false, detail: `${code}: ${message}` };
  }
};

/** Asks every part of a fabric how it is. A part that does not answer in time is down. */
export const createHealth = (parts: {
  readonly store: Store;
  readonly bus: Bus;
  readonly enclave: Enclave;
  readonly adapters: readonly ChainAdapter[];
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
