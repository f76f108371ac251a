import { startAttestedHttp, type AttestedHttp } from "../attested-tls/start-attested-http.ts";
import { systemClock } from "../core/clock.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import type { Log } from "../core/log.ts";
import type { Fabric } from "../host/fabric.ts";
import type { Api } from "./create-api.ts";

/**
 * Serve the API over attested TLS as well: TLS 1.3, a certificate with evidence of this host in it, challenges answered
 * at `/.well-known/cryptlet/attestation`. Everybody may connect and look; what needs a token still needs it.
 * Throws `PEER_UNREACHABLE` when it cannot listen.
 */
export const startAttestedApi = async (options: {
  readonly api: Api;
  readonly fabric: Pick<Fabric, "attester">;
  readonly wanted: NonNullable<FabricConfig["api"]["attested"]>;
  readonly log: Log;
  readonly signal?: AbortSignal;
}): Promise<AttestedHttp> => {
  const { api, fabric, wanted, log, signal } = options;
  return startAttestedHttp({
    handler: await api.handler(),
    address: wanted,
    attester: fabric.attester,
    clock: systemClock,
    log,
    peers: null,
    renewMs: wanted.renewMinutes * 60_000,
    ...(signal ? { signal } : {}),
  });
};
