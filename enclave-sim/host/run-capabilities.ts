import type { Clock } from "../../src/core/clock.ts";
import type { Json, SourceMode } from "../../src/sdk/abi.ts";
import type { Manifest } from "../../src/sdk/manifest.ts";
import { type CallerRun, createCryptletCalls } from "../capabilities/call/create-cryptlet-calls.ts";
import type { CryptletCaller } from "../capabilities/call/cryptlet-caller.ts";
import type { Capability } from "../capabilities/capability.ts";
import type { ChainReader } from "../capabilities/chain/chain-reader.ts";
import { createChainCalls } from "../capabilities/chain/create-chain-calls.ts";
import { createConfigurationCalls } from "../capabilities/configuration/create-configuration-calls.ts";
import { createHttpCalls } from "../capabilities/http/create-http-calls.ts";
import type { HttpCapability } from "../capabilities/http/http-capability.ts";
import { createLogCalls } from "../capabilities/log/create-log-calls.ts";
import type { GuestLogger } from "../capabilities/log/guest-log.ts";
import { createRandomCalls } from "../capabilities/random/create-random-calls.ts";
import { createStateCalls } from "../capabilities/state/create-state-calls.ts";
import type { StateChange } from "../capabilities/state/state-session.ts";
import type { StateStore } from "../capabilities/state/state-store.ts";
import { createTimeCalls } from "../capabilities/time/create-time-calls.ts";
import type { RecordedTranscript } from "../protocol/sealed-transcript.ts";

/** What the capabilities of one loaded Cryptlet work with; null where there is nothing of the kind. */
export interface CapabilityServices {
  readonly clock: Clock;
  /** How sources are reached, all of one enclave. */
  readonly mode: SourceMode;
  /** Null where the manifest has no `capabilities.http`. */
  readonly http: HttpCapability | null;
  /** What the operator configured for this Cryptlet. */
  readonly configuration: Json;
  readonly state: StateStore | null;
  readonly chains: ChainReader | null;
  readonly cryptlets: CryptletCaller | null;
}

/** What the capabilities need to know of the run. */
export interface CapabilityRun extends Pick<CallerRun, "path" | "trigger"> {
  readonly logger: GuestLogger;
}

/** The capabilities of one run, and what the run leaves behind in them. */
export interface RunCapabilities {
  readonly table: readonly Capability[];
  /** What the run would change in its state; null for nothing. */
  stateChange(): StateChange | null;
  /** Transcripts of the Cryptlets that it called. */
  readonly called: readonly RecordedTranscript[];
}

/**
 * Every capability for one run, one row each. A new one is a folder of `enclave-sim/capabilities` and a row here.
 * A run that another Cryptlet called (its path is longer than itself) reads its state and does not change it.
 */
export const createRunCapabilities = (
  granted: Manifest["capabilities"],
  services: CapabilityServices,
  run: CapabilityRun,
): RunCapabilities => {
  const { clock, mode } = services;
  const state = createStateCalls(granted.state, services.state, run.path.length > 1);
  const cryptlets = createCryptletCalls(granted.calls, services.cryptlets, { ...run, mode }, clock);
  return {
    table: [
      createHttpCalls(services.http),
      createTimeCalls(granted.time, clock),
      createRandomCalls(granted.random),
      createLogCalls(run.logger),
      createConfigurationCalls(granted.configuration, services.configuration),
      state,
      createChainCalls(granted.chains, services.chains, clock),
      cryptlets,
    ],
    stateChange: () => state.change(),
    called: cryptlets.transcripts,
  };
};
