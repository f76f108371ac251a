import { createPolicyWorkloadAppraiser } from "../attestation/policy-workload-appraiser.ts";
import { connectAttested } from "../attested-tls/connect-attested.ts";
import { systemClock } from "../core/clock.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { digestHex } from "../core/ids.ts";
import { readAnchors, readPolicy } from "./appraise-file.ts";
import type { CommandResult } from "./command.ts";
import type { Style } from "./style.ts";

/** What `cryptlet enclave connect` found out about the other end. */
export interface ConnectData {
  readonly url: string;
  readonly ok: true;
  readonly simulated: boolean;
  readonly measurement: string;
  readonly evidenceId: string;
  readonly policy: string;
  /** What `curl --pinnedpubkey` takes: the key that the evidence binds. */
  readonly pin: string;
  /** ms since epoch until which the evidence holds. */
  readonly notAfter: number;
}

/**
 * Connect to an attested endpoint, appraise its evidence, ask it for evidence of this very connection, and hang up.
 * Throws `USAGE_INVALID`, `FILE_*`, `PEER_*` and what the appraisal throws.
 */
export const connectEnclave = async (options: {
  readonly url: string;
  readonly policy: string;
  readonly anchor: string | undefined;
  readonly insecureSimulatedAnchor: boolean;
  readonly maxAge: number;
  readonly style: Style;
  readonly signal: AbortSignal;
}): Promise<CommandResult> => {
  const { style, signal } = options;
  const target = URL.canParse(options.url) ? new URL(options.url) : null;
  if (target?.protocol !== "https:")
    throw fabricError("USAGE_INVALID", { fault: "the attested endpoint is an https address" });
  const policy = await readPolicy(options.policy, signal);
  const appraiser = createPolicyWorkloadAppraiser(policy, { anchors: await readAnchors(options) });
  const { socket, peer } = await connectAttested({
    host: target.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(target.port || 443),
    rules: { appraiser, clock: systemClock, maxAgeMs: options.maxAge * 1_000 },
    freshness: "challenge",
    signal,
  });
  socket.destroy();
  const hash = Buffer.from(digestHex(peer.tlsKey.keyid), "hex");
  const data: ConnectData = {
    url: target.origin,
    ok: true,
    simulated: peer.simulated,
    measurement: peer.measurement,
    evidenceId: peer.evidenceId,
    policy: peer.policy,
    pin: `sha256//${hash.toString("base64")}`,
    notAfter: peer.registration.notAfter,
  };
  const text = [
    `${style.good("Accepted")} by policy ${peer.policy}: ${target.origin} runs ${peer.measurement}`,
    ...(peer.simulated ? [style.warn("SIMULATED: no hardware protects it.")] : []),
    `Evidence ${peer.evidenceId}, bound to this connection and its key`,
    `curl --insecure --tlsv1.3 --pinnedpubkey ${data.pin} ${target.origin}/health`,
  ];
  return { data, text: text.join("\n") };
};
