import type { StateBackend } from "../../enclave-sim/capabilities/state/state-backend.ts";
import type { EnclaveOptions } from "../../enclave-sim/host/enclave.ts";
import type { MonotonicCounter } from "../../enclave-sim/host/monotonic-counter.ts";
import type { Clock } from "../core/clock.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import type { Log } from "../core/log.ts";
import { readState, writeState } from "../store/cryptlet-states.ts";
import { advanceCounter, readCounter } from "../store/monotonic-counters.ts";
import type { Store } from "../store/store.ts";

/** Sealed states of Cryptlets in this fabric's database. */
export const createStoredStates = (store: Store, clock: Clock): StateBackend => ({
  read: (scope) => readState(store.db, scope),
  write: (scope, expected, body) =>
    store.transaction((trx) => writeState(trx, scope, expected, body, clock.now())),
});

/**
 * Counters in this fabric's database: whoever rolls the sealed files back without it is found. Whoever rolls back both
 * is not.
 */
export const createStoredCounter = (store: Store): MonotonicCounter => ({
  read: (name) => readCounter(store.db, name),
  advance: (name, to) => store.transaction((trx) => advanceCounter(trx, name, to)),
});

/** What an enclave works with of its host. */
export type EnclaveParts = Required<Omit<EnclaveOptions, "dev">>;

/** The host's side of its enclave: guests' logs go to the host's, states and counters into the database. */
export const enclavePartsOf = (
  config: FabricConfig,
  { store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Log },
): EnclaveParts => ({
  wall: config.enclave.wall,
  state: createStoredStates(store, clock),
  counter: createStoredCounter(store),
  onLog: ({ cryptlet, runId, level, message }) => {
    log[level](message, { cryptlet, run: runId });
  },
  onRestart: ({ reason, restarts }) => {
    log.error("the enclave ended by itself and was started again", { reason, restarts });
  },
});
