import type { TLSSocket } from "node:tls";
import type { AppraisedWorkload, WorkloadAppraiser } from "../attestation/workload-appraiser.ts";
import type { Clock } from "../core/clock.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import type { Evidence } from "../envelope/bundle.ts";
import { assertChannel } from "./channel-nonce.ts";
import { readAttestedCertificate } from "./read-attested-certificate.ts";

/** Whom this end takes as its peer. */
export interface PeerRules {
  readonly appraiser: WorkloadAppraiser;
  readonly clock: Clock;
  /** Oldest evidence that is taken, in ms; its age counts from its `notBefore`. */
  readonly maxAgeMs: number;
}

/** The other end of a connection, as its evidence and the policy say. */
export interface AttestedPeer extends AppraisedWorkload {
  /** Key that the connection's handshake was signed with. */
  readonly tlsKey: KeyRecord;
}

const refuse = (reason: string) => fabricError("PEER_EVIDENCE_REFUSED", { reason });

/** Two machines' clocks differ by so much, in ms. */
const CLOCK_SKEW_MS = 60_000;

/**
 * Appraise the peer of a finished handshake by the certificate that it was signed with.
 * Throws `PEER_CHANNEL_REFUSED`, `PEER_CERTIFICATE_REFUSED`, `PEER_EVIDENCE_REFUSED` and what the appraiser throws.
 */
export const checkPeer = async (
  socket: TLSSocket,
  rules: PeerRules,
  options: { readonly signal?: AbortSignal } = {},
): Promise<AttestedPeer> => {
  assertChannel(socket);
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined)
    throw fabricError("PEER_CERTIFICATE_REFUSED", { reason: "the peer sent none" });
  // The handshake proved that the peer holds the key of this certificate; here is what the key stands for.
  const { key, evidence, notBefore, notAfter } = readAttestedCertificate(certificate.raw);
  const at = rules.clock.now();
  if (at + CLOCK_SKEW_MS < notBefore || at > notAfter)
    throw fabricError("PEER_CERTIFICATE_REFUSED", { reason: "it is not valid at this time" });
  return appraisePeer(evidence, { key, nonce: null, rules, ...options });
};

/**
 * Appraise evidence that a peer gave for its TLS key.
 * Throws `PEER_EVIDENCE_REFUSED` and what the appraiser throws.
 */
export const appraisePeer = async (
  evidence: Evidence,
  expected: {
    readonly key: KeyRecord;
    /** What the evidence must bind; null for evidence that nobody asked for. */
    readonly nonce: string | null;
    readonly rules: PeerRules;
    readonly signal?: AbortSignal;
  },
): Promise<AttestedPeer> => {
  const { key, nonce, rules, signal } = expected;
  const at = rules.clock.now();
  const task = { purpose: "ra-tls", at, ...(nonce === null ? {} : { nonce }) } as const;
  const workload = await rules.appraiser.appraise(evidence, task, signal ? { signal } : {});
  const { registration } = workload;
  const [bound, ...others] = workload.keys;
  if (
    bound === undefined ||
    others.length > 0 ||
    bound.suite !== key.suite ||
    bound.keyid !== key.keyid
  )
    throw refuse("it is about another key than the connection's");
  if (at - registration.notBefore > rules.maxAgeMs) throw refuse("it is too old");
  return { ...workload, tlsKey: key };
};
