import { generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import type { Attester, TimedEvidence } from "../attestation/attester.ts";
import type { Clock } from "../core/clock.ts";
import { createKeyRecord, type KeyRecord } from "../crypto/key-record.ts";
import { suiteOf } from "../crypto/suites.ts";
import type { Evidence } from "../envelope/bundle.ts";
import { wrapEvidence } from "./evidence-wrapper.ts";
import { certificateToPem, writeAttestedCertificate } from "./write-attested-certificate.ts";

/** A TLS key of this process, the evidence about it and the certificate that carries the evidence. */
export interface AttestedIdentity {
  readonly key: KeyRecord;
  readonly privateKey: KeyObject;
  readonly certificatePem: string;
  /** DER. */
  readonly certificate: Uint8Array;
  readonly evidence: Evidence;
  /** ms since epoch. */
  readonly notAfter: number;
  /** Fresh evidence about the same key that binds a challenger's nonce (32 bytes in hex). */
  answer(nonce: string, options?: { readonly signal?: AbortSignal }): Promise<Evidence>;
}

const SUITE = "p256-sha256";
/** A clock of a peer may be behind ours, and certificates count whole seconds. */
const BACKDATED_MS = 60_000;
const generate = promisify(generateKeyPair);

/**
 * Make a P-256 key that exists in this process only, have it attested with purpose `ra-tls`, and put the evidence into
 * a certificate. Make a new one before `notAfter`: evidence is believed by its age. Throws what the attester throws.
 */
export const createAttestedIdentity = async (options: {
  readonly attester: Attester;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}): Promise<AttestedIdentity> => {
  const { attester, clock, signal } = options;
  const { privateKey, publicKey } = await generate("ec", { namedCurve: "P-256" });
  const spki = Uint8Array.from(publicKey.export({ format: "der", type: "spki" }));
  const key = createKeyRecord(SUITE, suiteOf(SUITE).importSpki(spki));
  const attest = (nonce: string | null, call: AbortSignal | undefined): Promise<TimedEvidence> =>
    attester.attest(
      { purpose: "ra-tls", keys: [key], ...(nonce === null ? {} : { nonce }) },
      call ? { signal: call } : {},
    );
  const now = clock.now();
  const { evidence, notAfter } = await attest(null, signal);
  const certificate = writeAttestedCertificate({
    privateKey,
    spki,
    wrapper: wrapEvidence(evidence),
    notBefore: now - BACKDATED_MS,
    notAfter,
  });
  return {
    key,
    privateKey,
    certificatePem: certificateToPem(certificate),
    certificate,
    evidence,
    notAfter,
    answer: async (nonce, call) => (await attest(nonce, call?.signal)).evidence,
  };
};
