import type { Clock } from "../../src/core/clock.ts";
import type { Json } from "../../src/sdk/abi.ts";
import type { Manifest } from "../../src/sdk/manifest.ts";
import type { Capability } from "../capabilities/capability.ts";
import { createConfigurationCalls } from "../capabilities/configuration/create-configuration-calls.ts";
import { createHttpCalls } from "../capabilities/http/create-http-calls.ts";
import type { HttpCapability } from "../capabilities/http/http-capability.ts";
import { createLogCalls } from "../capabilities/log/create-log-calls.ts";
import type { GuestLogger } from "../capabilities/log/guest-log.ts";
import { createRandomCalls } from "../capabilities/random/create-random-calls.ts";
import { createTimeCalls } from "../capabilities/time/create-time-calls.ts";

/** What the capabilities of one loaded Cryptlet work with. */
export interface CapabilityServices {
  readonly clock: Clock;
  /** Null where the manifest has no `capabilities.http`. */
  readonly http: HttpCapability | null;
  /** What the operator configured for this Cryptlet. */
  readonly configuration: Json;
}

/**
 * Every capability for one run, one row each. A new one is a folder of `enclave-sim/capabilities` and a row here.
 */
export const createRunCapabilities = (
  granted: Manifest["capabilities"],
  services: CapabilityServices,
  run: { readonly logger: GuestLogger },
): readonly Capability[] => [
  createHttpCalls(services.http),
  createTimeCalls(granted.time, services.clock),
  createRandomCalls(granted.random),
  createLogCalls(run.logger),
  createConfigurationCalls(granted.configuration, services.configuration),
];
